// What terraform/ would make is what the code expects. The configuration is checked and planned, and the plan is
// compared with the functions, their configuration and the local cloud's own list. Needs terraform and a copy of its
// provider: what TF_CLI_CONFIG_FILE points to, or what a script beside the project hands out (needs-program.ts). Says
// so and does nothing without them. Nothing is applied, and no account is asked.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readConfig } from '../../functions/config.ts';
import { clusterName } from '../../functions/job/names.ts';
import { deployedFunctions, installationOf, topics } from '../../local-cloud/composition/installation.ts';
import { storageFinalized } from '../../local-cloud/eventarc/cloud-events.ts';
import { needs, providerCopy } from '../support/needs-program.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const PROJECT = 'some-project';
const DIGEST = `sha256:${'ab'.repeat(32)}`;

interface Planned {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly index?: string;
  readonly values: any;
}

let folder = '';
let environment: NodeJS.ProcessEnv = {};
let planned: Planned[] = [];

async function terraform(...args: string[]): Promise<string> {
  const { stdout } = await run('terraform', args, {
    cwd: join(folder, 'terraform'),
    env: environment,
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

/** The provider's files go into the test's own folder, so that tests may run side by side. */
async function cliConfiguration(): Promise<string> {
  if (!existsSync(providerCopy)) return process.env['TF_CLI_CONFIG_FILE']!;
  const { stdout } = await run(providerCopy, ['setup', join(folder, 'provider')]);
  return /TF_CLI_CONFIG_FILE=["']?([^"'\s;]+)/.exec(stdout)![1]!;
}

async function plan(...variables: string[]): Promise<Planned[]> {
  const given = [
    `project_id=${PROJECT}`,
    `worker_image=us-central1-docker.pkg.dev/${PROJECT}/foreach-fleet/worker@${DIGEST}`,
    `redis_image=us-central1-docker.pkg.dev/${PROJECT}/foreach-fleet/redis@${DIGEST}`,
    `functions_archive=${join(folder, 'functions.zip')}`,
    ...variables,
  ];
  const file = join(folder, 'plan');
  await terraform('plan', '-input=false', '-no-color', `-out=${file}`, ...given.flatMap((value) => ['-var', value]));
  return JSON.parse(await terraform('show', '-json', file)).planned_values.root_module.resources;
}

function of(type: string): Planned[] {
  return planned.filter((resource) => resource.type === type);
}

function functionOf(entryPoint: string): any {
  const found = of('google_cloudfunctions2_function').filter(
    (each) => each.values.build_config[0].entry_point === entryPoint,
  );
  assert.equal(found.length, 1, `functions with entry point ${entryPoint}`);
  return found[0]!.values;
}

describe('terraform', { skip: needs('terraform', "terraform's google provider") }, () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ff-terraform-'));
    cpSync(join(root, 'terraform'), join(folder, 'terraform'), {
      recursive: true,
      filter: (path) => !/\.terraform|\.tfstate|\.tfvars/.test(path),
    });
    writeFileSync(join(folder, 'functions.zip'), '');
    environment = {
      ...process.env,
      TF_CLI_CONFIG_FILE: await cliConfiguration(),
      TF_IN_AUTOMATION: '1',
      CHECKPOINT_DISABLE: '1',
    };
    await terraform('init', '-backend=false', '-input=false', '-no-color');
    planned = await plan();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is formatted and valid', async () => {
    assert.equal(await terraform('fmt', '-check', '-recursive'), '');
    assert.equal(JSON.parse(await terraform('validate', '-json')).valid, true);
  });

  it('deploys every function that the code registers, and no other', () => {
    const source = readFileSync(join(root, 'functions/index.ts'), 'utf8');
    const registered = [...source.matchAll(/^(?:cloudEvent|http)\('(\w+)'/gm)].map((match) => match[1]!).sort();
    const deployed = of('google_cloudfunctions2_function')
      .map((each) => each.values.build_config[0].entry_point)
      .sort();
    assert.deepEqual(deployed, registered);
    assert.deepEqual(deployed, [...deployedFunctions].sort());
  });

  it('gives every function an environment that the functions accept', () => {
    for (const { values } of of('google_cloudfunctions2_function')) {
      const config = readConfig(values.service_config[0].environment_variables);
      assert.equal(config.projectId, PROJECT);
      assert.deepEqual(config.buckets, installationOf(PROJECT).buckets);
      assert.equal(config.noticesTopic, topics.notices);
      assert.ok(config.locations.every((zone) => zone.startsWith(`${values.location}-`)));
      assert.deepEqual(Object.values(config.endpoints), [null, null, null, null]);
    }
  });

  it('sets no variable that the functions do not read', () => {
    const source = readFileSync(join(root, 'functions/config.ts'), 'utf8');
    const forNode = 'NODE_OPTIONS';
    const names = Object.keys(functionOf('tick').service_config[0].environment_variables).filter(
      (name) => name !== forNode,
    );
    assert.deepEqual(
      names.filter((name) => !source.includes(`${name}:`)),
      [],
    );
  });

  it('triggers the functions as the local cloud does, and has failed events delivered again', () => {
    for (const { function: name, source } of installationOf(PROJECT).triggers) {
      const trigger = functionOf(name).event_trigger[0];
      assert.equal(trigger.event_type, source.type);
      assert.equal(trigger.retry_policy, 'RETRY_POLICY_RETRY');
      if (source.type === storageFinalized)
        assert.deepEqual(
          trigger.event_filters.map((filter: any) => [filter.attribute, filter.value]),
          [['bucket', source.bucket]],
        );
      else assert.equal(trigger.pubsub_topic, `projects/${PROJECT}/topics/${source.topic}`);
    }
    assert.equal(functionOf('status').event_trigger.length, 0);
    assert.equal(functionOf('tick').service_config[0].max_instance_count, 1);
  });

  it('passes on the lines that the pods print and the ends of cluster operations', () => {
    const filters = new Map(of('google_logging_project_sink').map((sink) => [sink.values.name, sink.values.filter]));
    assert.match(filters.get(topics.progress), /jsonPayload\.ff="progress"/);
    assert.match(filters.get(topics.progress), /operation\.last=true/);
    assert.match(filters.get(topics.completed), /jsonPayload\.ff="completed"/);
    for (const filter of filters.values())
      assert.ok(filter.includes(`cluster_name=~"^${clusterName('x', 1).slice(0, 3)}"`));
    for (const sink of of('google_logging_project_sink')) assert.equal(sink.values.unique_writer_identity, true);
  });

  it('has the topics, buckets and network that the functions are told of', () => {
    const names = new Set(of('google_pubsub_topic').map((each) => each.values.name));
    assert.deepEqual(
      Object.values(topics).filter((topic) => !names.has(topic)),
      [],
    );
    const buckets = of('google_storage_bucket');
    for (const name of Object.values(installationOf(PROJECT).buckets)) {
      const bucket = buckets.find((each) => each.values.name === name)?.values;
      assert.ok(bucket, name);
      assert.deepEqual([bucket.uniform_bucket_level_access, bucket.public_access_prevention], [true, 'enforced']);
      assert.equal(bucket.versioning[0].enabled, true);
      assert.notEqual(bucket.force_destroy, true);
    }
    const { network, subnetwork, nodeServiceAccount } = readConfig(
      functionOf('tick').service_config[0].environment_variables,
    );
    assert.ok(of('google_compute_network').some((each) => each.values.name === network));
    assert.ok(of('google_compute_subnetwork').some((each) => each.values.name === subnetwork));
    const accounts = of('google_service_account').map(
      (each) => `${each.values.account_id}@${PROJECT}.iam.gserviceaccount.com`,
    );
    assert.ok(accounts.includes(nodeServiceAccount!));
  });

  it('lets nobody delete results, and nobody in without a name', () => {
    const results = planned.filter(
      (each) => each.type === 'google_storage_bucket_iam_member' && each.values.bucket === `${PROJECT}-results`,
    );
    assert.deepEqual(results.map((each) => each.values.role).sort(), [
      'roles/storage.objectCreator',
      'roles/storage.objectViewer',
    ]);
    const members = planned.map((each) => each.values.member).filter((member) => typeof member === 'string');
    assert.deepEqual(
      members.filter((member) => /^all(Authenticated)?Users$/.test(member)),
      [],
    );
    const roles = planned.map((each) => each.values.role).filter((role) => typeof role === 'string');
    assert.deepEqual(
      roles.filter((role) => /roles\/(owner|editor|viewer|.*admin)$/i.test(role)),
      [],
    );
  });

  it('lets the functions read the secret that they are given, and no other', async () => {
    assert.deepEqual(of('google_secret_manager_secret_iam_member'), []);
    const withSecret = await plan('webhook_secret=webhooks');
    const readers = withSecret.filter((each) => each.type === 'google_secret_manager_secret_iam_member');
    assert.deepEqual(
      readers.map(({ values }) => [values.secret_id, values.role]),
      [['webhooks', 'roles/secretmanager.secretAccessor']],
    );
    const tick = withSecret.find((each) => each.index === 'tick' && each.type === 'google_cloudfunctions2_function');
    const given = tick?.values.service_config[0].secret_environment_variables;
    assert.deepEqual(
      given.map((variable: any) => variable.secret),
      ['webhooks'],
    );
    assert.ok(withSecret.some((each) => each.values.service === 'secretmanager.googleapis.com'));
  });

  it('makes a budget only when it is told whose', async () => {
    assert.deepEqual(of('google_billing_budget'), []);
    const withBudget = await plan('billing_account=012345-6789AB-CDEF01', 'monthly_budget=7');
    const budgets = withBudget.filter((each) => each.type === 'google_billing_budget');
    assert.deepEqual(
      budgets.map((each) => each.values.amount[0].specified_amount[0].units),
      ['7'],
    );
  });

  it('refuses values that could not work', async () => {
    const bad = [
      'installation=Not_A_Label',
      'redis_image=redis:7',
      'users=["allUsers"]',
      'functions_range=192.168.0.0/28',
    ];
    const message = await plan(...bad).then(
      () => 'nothing refused',
      (error: Error) => error.message,
    );
    const refused = [...message.matchAll(/^\s*│?\s*\d+: variable "(\w+)"/gm)].map((match) => match[1]);
    assert.deepEqual(refused.sort(), bad.map((variable) => variable.split('=')[0]).sort());
  });
});

describe('the identity of machines', () => {
  it('may write logs and metrics and pull images, and nothing else', () => {
    const text = globSync('terraform/*.tf', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
    const blocks = text.join('\n').match(/^resource [^]*?^}/gm) ?? [];
    const ofMachines = blocks.filter((block) => /\bmember\s+= local\.node$/m.test(block));
    const elsewhere = text.join('\n').match(/\blocal\.node\b|google_service_account\.node\.member/g) ?? [];
    assert.deepEqual(ofMachines.map((block) => /\brole\s+= "([^"]*)"/.exec(block)?.[1]).sort(), [
      'roles/artifactregistry.reader',
      'roles/container.defaultNodeServiceAccount',
    ]);
    assert.equal(elsewhere.length, ofMachines.length + 1);
  });
});

describe('the built functions', () => {
  it('start under functions-framework, each by its name, and load every SDK from the bundle', async (t) => {
    const out = mkdtempSync(join(tmpdir(), 'ff-build-'));
    t.after(() => rmSync(out, { recursive: true, force: true }));
    await run(process.execPath, [join(root, 'scripts/build-functions.ts'), '--out', out]);
    assert.ok(existsSync(join(out, 'functions.zip')));
    // In the cloud npm installs the one package that stays outside the bundle.
    const framework = join(out, 'functions/node_modules/@google-cloud/functions-framework');
    mkdirSync(dirname(framework), { recursive: true });
    symlinkSync(join(root, 'node_modules/@google-cloud/functions-framework'), framework);
    const host = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { dirname } from 'node:path';
      import { getTestServer } from '@google-cloud/functions-framework/testing';
      const { main } = JSON.parse(readFileSync('package.json', 'utf8'));
      const folder = process.cwd() + '/' + dirname(main);
      await import(process.cwd() + '/' + main);
      for (const name of process.argv.slice(1)) getTestServer(name);
      for (const file of readdirSync(folder)) await import(folder + '/' + file);
      console.log(readdirSync(folder + '/../../manifests/').length);
    `;
    const args = ['--input-type=module', '-e', host, ...deployedFunctions];
    const { stdout } = await run(process.execPath, args, { cwd: join(out, 'functions') });
    assert.equal(Number(stdout), globSync('manifests/*.yaml', { cwd: root }).length);
  });
});
