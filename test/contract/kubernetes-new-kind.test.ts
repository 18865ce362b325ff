/**
 * What a new kind takes: one file like this one, and one line in the registry. Everything that the server says and does
 * of it follows, the fields, defaults, rules and columns included; and its objects have their type.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ObjectOf } from '../../local-cloud/kubernetes/objects.ts';
import { created } from '../../local-cloud/kubernetes/kinds/cells.ts';
import { forbiddenField } from '../../local-cloud/kubernetes/kinds/field-error.ts';
import { defineKind } from '../../local-cloud/kubernetes/kinds/kind.ts';
import { addKind } from '../../local-cloud/kubernetes/kinds/registry.ts';
import { startEmbedded, type EmbeddedTarget } from '../support/kubernetes-targets.ts';

type WateringCan = ObjectOf<{ spec?: { litres?: number } }>;

declare module '../../local-cloud/kubernetes/objects.ts' {
  interface Objects {
    wateringcans: WateringCan;
  }
}

const litres = ({ spec }: WateringCan): number => spec?.litres ?? 0;

const wateringCan = defineKind({
  group: 'garden.example',
  kind: 'WateringCan',
  resource: 'wateringcans',
  shortNames: ['wc'],
  fields: `
WateringCan
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:WateringCanSpec
WateringCanSpec
  litres*#1:int spouts#2:[Spout|map=name|merge=name]
Spout
  name!#1:string width#2:string`,
  defaults: (can) => {
    can.spec = { litres: 5, ...can.spec };
  },
  rules: (can) => (litres(can) > 10 ? [forbiddenField('spec.litres', 'too heavy to carry')] : []),
  columns: 'Name|#Litres|Age',
  row: (can, nowMs) => [can.metadata.name, litres(can), created(can, nowMs)],
  selectable: { 'spec.litres': (can) => String(litres(can)) },
});

describe('a kind that is one value, registered once', () => {
  let target: EmbeddedTarget;
  const group = '/apis/garden.example/v1';
  const cans = `${group}/namespaces/default/wateringcans`;
  const makeCan = (name: string, spec?: object): object => ({
    apiVersion: 'garden.example/v1',
    kind: 'WateringCan',
    metadata: { name },
    ...(spec ? { spec } : {}),
  });
  before(async () => {
    addKind(wateringCan);
    target = await startEmbedded({ controllers: false });
  });
  after(() => target.stop());

  it('is discovered, and explained by its fields', async () => {
    const { body } = await target.client.call('GET', group);
    assert.deepEqual(
      body.resources.map(({ name, kind, shortNames }: { name: string; kind: string; shortNames: string[] }) => [
        name,
        kind,
        shortNames,
      ]),
      [['wateringcans', 'WateringCan', ['wc']]],
    );
    const document = await target.client.call('GET', `/openapi/v3${group}`);
    const { WateringCanSpec: spec } = Object.fromEntries(
      Object.entries<any>(document.body.components.schemas).map(([name, schema]) => [name.split('.').at(-1), schema]),
    );
    assert.deepEqual(Object.keys(spec.properties), ['litres', 'spouts']);
  });

  it('is created with its defaults, got, listed, and selected by a field', async () => {
    const { client } = target;
    assert.equal((await client.call('POST', cans, makeCan('green'))).code, 201);
    assert.equal((await client.call('POST', cans, makeCan('red', { litres: 8 }))).code, 201);
    assert.deepEqual((await client.call('GET', `${cans}/green`)).body.spec, { litres: 5 });
    const names = async (path: string): Promise<string[]> =>
      (await client.call('GET', path)).body.items.map((each: any) => each.metadata.name);
    assert.deepEqual(await names(`${group}/wateringcans`), ['green', 'red']);
    assert.deepEqual(await names(`${cans}?fieldSelector=spec.litres%3D8`), ['red']);
  });

  it('is shown in its columns', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { body } = await target.client.call('GET', cans, undefined, { accept });
    assert.deepEqual(
      body.columnDefinitions.map(({ name, type }: { name: string; type: string }) => [name, type]),
      [
        ['Name', 'string'],
        ['Litres', 'integer'],
        ['Age', 'string'],
      ],
    );
    assert.deepEqual(
      body.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 2)),
      [
        ['green', 5],
        ['red', 8],
      ],
    );
  });

  it('is checked by its fields and rules, and its lists merge by their keys', async () => {
    const { client } = target;
    const unknown = await client.call('POST', `${cans}?fieldValidation=Strict`, makeCan('blue', { liters: 3 }));
    assert.match(unknown.body.message, /unknown field "spec.liters"/);
    const heavy = await client.call('POST', cans, makeCan('blue', { litres: 11 }));
    assert.deepEqual([heavy.code, /too heavy to carry/.test(heavy.body.message)], [422, true]);
    const patch = (name: string): Promise<unknown> =>
      client.call(
        'PATCH',
        `${cans}/green`,
        { spec: { spouts: [{ name, width: '1 cm' }] } },
        {
          contentType: 'application/strategic-merge-patch+json',
        },
      );
    await patch('short');
    await patch('long');
    const { body } = await client.call('GET', `${cans}/green`);
    assert.deepEqual(body.spec.spouts.map((each: any) => each.name).toSorted(), ['long', 'short']);
  });
});
