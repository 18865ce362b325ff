/**
 * One contract for two servers: the embedded Kubernetes API and a real kube-apiserver (skipped, with the reason, where
 * there is none). What only the embedded one has (faults, books, disk) is in kubernetes-api-embedded.test.ts.
 */
import { after, describe } from 'node:test';
import { objectsSuite } from '../support/kubernetes-suite-objects.ts';
import { patchSuite } from '../support/kubernetes-suite-patch.ts';
import { podsSuite } from '../support/kubernetes-suite-pods.ts';
import { rulesSuite } from '../support/kubernetes-suite-rules.ts';
import { watchSuite } from '../support/kubernetes-suite-watch.ts';
import { startEmbedded, startReal, type Target } from '../support/kubernetes-targets.ts';
import { needs } from '../support/needs-program.ts';

function defineSuites(target: Target): void {
  after(() => target.stop());
  objectsSuite(target.client);
  watchSuite(target.client);
  patchSuite(target.client);
  rulesSuite(target.client);
  podsSuite(target.client);
}

const skip = needs('kube-apiserver');
const [embedded, real] = await Promise.all([startEmbedded(), skip === false ? startReal() : undefined]);
describe('Kubernetes API, embedded', () => defineSuites(embedded));
describe('Kubernetes API, real', { skip }, () => real && defineSuites(real));
