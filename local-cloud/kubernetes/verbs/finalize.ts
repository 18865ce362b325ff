/** The finalize subresource of namespaces: the only way to change a namespace's own list of finalizers. */
import { plainAt, textAt } from '../../is-plain.ts';
import { badRequest, notFound } from '../api-error.ts';
import { isDryRun, readObject, type Answer, type Call } from '../wire/call.ts';

export async function finalizeNamespace(call: Call): Promise<Answer> {
  const { type, name = '' } = call.request;
  const body = await readObject(call.http);
  if (!body) throw badRequest('the body of the request is empty');
  const stored = call.store.get('namespaces', undefined, name);
  if (!stored) throw notFound(type, name);
  const next = structuredClone(stored);
  next.spec = { ...next.spec, finalizers: plainAt(body, 'spec')['finalizers'] ?? [] };
  next.metadata.resourceVersion = textAt(plainAt(body, 'metadata'), 'resourceVersion') ?? '';
  const object = call.store.update('namespaces', next, { dryRun: isDryRun(call.request.query) });
  return { is: 'object', code: 200, type, object };
}
