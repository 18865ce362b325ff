// Which test files begin first: those that take longest, so that no lane is left with a long one at the end. It is what
// `npm test` prints as its slowest files; one that is not here takes little.
export const slowestFiles: readonly string[] = [
  'test/journey/clients.test.ts',
  'test/journey/upload-to-nothing-left.test.ts',
  'test/journey/time-limit.test.ts',
  'test/journey/explained.test.ts',
  'test/contract/storage-gcloud.test.ts',
  'test/r/takeover.test.ts',
  'test/journey/bad-input.test.ts',
  'test/r/faults.test.ts',
  'test/r/judgement.test.ts',
  'test/journey/examples.test.ts',
  'test/journey/real-kube-apiserver.test.ts',
  'test/r/large.test.ts',
  'test/r/memory.test.ts',
  'test/contract/gke-gcloud.test.ts',
  'test/contract/kubelet-real.test.ts',
  'test/r/engine.test.ts',
  'test/contract/cli.test.ts',
  'test/r/examples.test.ts',
  'test/journey/large-values.test.ts',
  'test/contract/kubernetes-controllers-parity.test.ts',
  'test/r/scale.test.ts',
  'test/r/earlier-sessions.test.ts',
  'test/r/resume.test.ts',
  'test/r/lost-results.test.ts',
  'test/contract/manifests.test.ts',
  'test/r/contract.test.ts',
  'test/contract/terraform.test.ts',
  'test/r/control.test.ts',
  'test/contract/kubelet-embedded.test.ts',
  'test/contract/workloads.test.ts',
  'test/r/output.test.ts',
  'test/r/chaos.test.ts',
  'test/r/changes.test.ts',
  'test/r/standalone.test.ts',
  'test/r/hazards.test.ts',
  'test/r/ordinary-scripts.test.ts',
  'test/contract/storage-durability.test.ts',
];

/** The files that are named here in that order, then the others by name. */
export function longestFirst<T extends { file: string }>(files: readonly T[]): T[] {
  const rank = ({ file }: T): number =>
    slowestFiles.includes(file) ? slowestFiles.indexOf(file) : slowestFiles.length;
  return files.toSorted((a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file));
}
