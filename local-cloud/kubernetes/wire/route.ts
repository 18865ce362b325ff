/** From a parsed request to the handler that answers it. */
import { ApiError } from '../api-error.ts';
import type { Answer, Call } from './call.ts';
import { evictPod } from '../verbs/eviction.ts';
import { podLog } from '../verbs/pod-log.ts';
import { getObject, listObjects } from '../verbs/read.ts';
import { reviewSelf } from '../verbs/reviews.ts';
import { scaleObject } from '../verbs/scale.ts';
import { watchObjects } from '../verbs/watch.ts';
import { createObject, deleteCollection, deleteObject, patchObject, updateObject } from '../verbs/write.ts';

export function route(call: Call): Answer | Promise<Answer> {
  const { type, subresource, verb } = call.request;
  if (!type.stored) return verb === 'create' ? reviewSelf(call) : notAllowed();
  if (subresource !== undefined) return routeSubresource(call, subresource);
  switch (verb) {
    case 'get':
      return getObject(call);
    case 'list':
      return listObjects(call);
    case 'watch':
      return watchObjects(call);
    case 'create':
      return createObject(call);
    case 'update':
      return updateObject(call);
    case 'patch':
      return patchObject(call);
    case 'delete':
      return deleteObject(call);
    case 'deletecollection':
      return deleteCollection(call);
  }
}

function routeSubresource(call: Call, subresource: string): Answer | Promise<Answer> {
  const { type, verb } = call.request;
  if (!type.subresources.includes(subresource))
    throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  switch (`${subresource} ${verb}`) {
    case 'status get':
      return getObject(call);
    case 'status update':
      return updateObject(call);
    case 'status patch':
      return patchObject(call);
    case 'scale get':
    case 'scale update':
    case 'scale patch':
      return scaleObject(call);
    case 'log get':
      return podLog(call);
    case 'eviction create':
      return evictPod(call);
    default:
      return notAllowed();
  }
}

function notAllowed(): never {
  throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}
