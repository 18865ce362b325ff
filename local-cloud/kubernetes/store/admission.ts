/**
 * What happens to every object on its way into the store: defaults, admission, rules. Order as in the real API server.
 */
import { ApiError, forbidden, invalid, notFound, type FieldError } from '../api-error.ts';
import type { AdmissionContext, Kind } from '../kinds/kind.ts';
import { validateMetadata } from '../kinds/metadata-rules.ts';
import { warnOfTemplate } from '../kinds/pod/admission.ts';
import { kindOf } from '../kinds/registry.ts';
import type { KubeObject } from '../object.ts';
import type { ObjectStore } from '../object-store.ts';

/** Completes and checks an object about to be created. Changes it in place; throws ApiError to refuse. */
export function admitCreate(kind: Kind, object: KubeObject, context: AdmissionContext): void {
  kind.defaults?.(object, context.store);
  if (kind.firstStatus !== undefined) object.status = structuredClone(kind.firstStatus);
  checkNamespace(kind, object, context.store);
  kind.admit?.(object, context);
  warnOfTemplate(object, kind.template?.(object), context);
  refuse(kind, object, [
    ...validateMetadata(kind, object),
    ...(kind.createRules?.(object) ?? []),
    ...(kind.rules?.(object) ?? []),
  ]);
}

/** Completes and checks the new state of an object. Changes it in place; throws ApiError to refuse. */
export function admitUpdate(kind: Kind, next: KubeObject, stored: KubeObject, context: AdmissionContext): void {
  kind.keep?.(next, stored);
  kind.defaults?.(next, context.store);
  const template = kind.template?.(next);
  const isTemplateChanged = JSON.stringify(template) !== JSON.stringify(kind.template?.(stored));
  if (isTemplateChanged) warnOfTemplate(next, template, context);
  refuse(kind, next, [
    ...validateMetadata(kind, next),
    ...(kind.rules?.(next) ?? []),
    ...(kind.updateRules?.(next, stored) ?? []),
  ]);
}

function refuse(kind: Kind, object: KubeObject, errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(kind.kind, kind.group, object.metadata.name, errors);
}

function checkNamespace(kind: Kind, object: KubeObject, store: ObjectStore): void {
  if (!kind.namespaced) return;
  const name = object.metadata.namespace ?? 'default';
  const namespace = store.get('namespaces', undefined, name);
  if (!namespace) throw notFound(kindOf('namespaces'), name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const message = `unable to create new content in namespace ${name} because it is being terminated`;
  const error = forbidden(kind, object.metadata.name, message);
  const causes = [
    { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' },
  ];
  throw new ApiError(error.code, error.reason, error.message, { ...error.details, causes });
}
