/** Making and deleting the pods of an owner, with the Events that say so. */
import { ApiError } from '../api-error.ts';
import type { Draft, KubeObject } from '../object.ts';
import type { Pod, PodTemplate } from '../objects.ts';
import type { ControllerContext } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import { controllerReference } from './owners.ts';

/** A controller makes or deletes no more pods than this in one go; the rest follows at once. */
export const BURST_REPLICAS = 500;

/** A pod after an owner's template, named `<owner>-xxxxx`. */
export function podFromTemplate(owner: KubeObject, template: PodTemplate, finalizers: string[] = []): Draft<Pod> {
  const { labels, annotations } = template.metadata ?? {};
  return {
    metadata: {
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace ?? 'default',
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers.length > 0 ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec,
  };
}

/**
 * Creates a pod; a refusal is noted on the owner and thrown, except that a namespace
 * on its way out is no error worth telling.
 */
export function createPod(
  { store }: ControllerContext,
  recorder: EventRecorder,
  owner: KubeObject,
  pod: Draft<Pod>,
): Pod {
  try {
    const created = store.create('pods', pod);
    recorder.record(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (error instanceof ApiError && !isNamespaceLeaving(error)) {
      recorder.record(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`);
    }
    throw error;
  }
}

/** Deletes a pod with its own grace period. */
export function deletePod({ store }: ControllerContext, recorder: EventRecorder, owner: KubeObject, pod: Pod): void {
  store.delete('pods', pod.metadata.namespace, pod.metadata.name, { uid: pod.metadata.uid });
  recorder.record(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
}

/** Whether a create was refused because its namespace is being deleted. */
export function isNamespaceLeaving(error: unknown): boolean {
  return error instanceof ApiError && error.code === 403 && /being terminated/.test(error.message);
}
