import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig } from '../../functions/config.ts';

const digest = `@sha256:${'0'.repeat(64)}`;
const good = {
  GOOGLE_CLOUD_PROJECT: 'p',
  FF_INSTALLATION: 'main',
  FF_UPLOADS_BUCKET: 'u',
  FF_STATE_BUCKET: 's',
  FF_RESULTS_BUCKET: 'r',
  FF_LOCATIONS: 'a, b',
  FF_WORKER_IMAGE: `w${digest}`,
  FF_REDIS_IMAGE: `redis${digest}`,
  FF_NOTICES_TOPIC: 'n',
};

describe('readConfig', () => {
  it('reads what is there and knows no endpoint by itself', () => {
    const config = readConfig(good);
    assert.deepEqual(config.locations, ['a', 'b']);
    assert.deepEqual(config.endpoints, { storage: null, container: null, compute: null, signing: null });
  });

  it('names every problem at once, and no value', () => {
    const wrong = { ...good, FF_INSTALLATION: 'Über', FF_WORKER_IMAGE: 'secret:latest', FF_STATE_BUCKET: undefined };
    assert.throws(
      () => readConfig(wrong),
      (error: Error) =>
        ['FF_INSTALLATION', 'FF_WORKER_IMAGE', 'FF_STATE_BUCKET'].every((name) => error.message.includes(name)) &&
        !error.message.includes('secret'),
    );
  });
});
