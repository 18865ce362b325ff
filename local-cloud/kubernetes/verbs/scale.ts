/** The scale subresource of deployments and replica sets. */
import { plainAt, textAt } from '../../is-plain.ts';
import { badRequest, invalid, type FieldError } from '../api-error.ts';
import { mediaType, readObject, type Answer, type Call } from '../wire/call.ts';
import { checkFields } from '../wire/field-check.ts';
import { readPatch } from './patch.ts';
import { requireObject } from './read.ts';
import { defineKind } from '../kinds/kind.ts';
import { schemaNamed } from '../schema/schema.ts';
import type { KubeObject } from '../object.ts';
import { writeOptions } from './manager.ts';

const scaleSchema = schemaNamed('io.k8s.api.autoscaling.v1.Scale');
/** Scale is a view and not a kind of its own: this names it for the answer, and a shared table has its fields. */
const scaleType = defineKind({ group: 'autoscaling', kind: 'Scale', resource: 'scales', fields: '' });

export async function scaleObject(call: Call): Promise<Answer> {
  const { verb } = call.request;
  if (verb === 'get') return answer(requireObject(call));
  const change = verb === 'update' ? await readUpdate(call) : await readPatch(call);
  const object = requireObject(call);
  const { object: scale } = checkFields(change(toScale(object), scaleSchema), scaleSchema, 'Scale', 'v1');
  const given = plainAt(scale, 'metadata');
  const name = textAt(given, 'name');
  if (name !== undefined && name !== object.metadata.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${object.metadata.name})`);
  }
  const replicas = Number(plainAt(scale, 'spec')['replicas'] ?? 0);
  checkReplicas(object, replicas);
  const next = { ...structuredClone(object), spec: { ...structuredClone(plainAt(object, 'spec')), replicas } };
  next.metadata.resourceVersion = textAt(given, 'resourceVersion') ?? '';
  return answer(call.store.update(call.request.type.resource, next, writeOptions(call)));
}

async function readUpdate(call: Call): Promise<() => Record<string, unknown>> {
  const body = await readObject(call.http);
  if (!body) throw badRequest(`the body of the request is empty (${mediaType(call.http)})`);
  return () => body;
}

function checkReplicas(object: KubeObject, replicas: number): void {
  if (replicas >= 0) return;
  const error: FieldError = {
    reason: 'FieldValueInvalid',
    field: 'spec.replicas',
    message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
  };
  throw invalid('Scale', 'autoscaling', object.metadata.name, [error]);
}

const answer = (object: KubeObject): Answer => ({ is: 'object', code: 200, type: scaleType, object: toScale(object) });

function toScale(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = plainAt(object, 'spec');
  const labels = Object.entries(plainAt(plainAt(spec, 'selector'), 'matchLabels'));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: spec['replicas'] ? { replicas: spec['replicas'] } : {},
    status: {
      replicas: plainAt(object, 'status')['replicas'] ?? 0,
      selector: labels.map(([key, value]) => `${key}=${String(value)}`).join(','),
    },
  };
}
