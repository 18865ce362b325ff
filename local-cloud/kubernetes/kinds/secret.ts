/** Secrets. */
import type { V1Secret } from '@kubernetes/client-node';
import type { ObjectOf, Secret } from '../objects.ts';
import { defineKind } from './kind.ts';
import { created, size } from './cells.ts';
import { setDefault } from './set-default.ts';
import { validateData, validateDataUpdate } from './data.ts';

declare module '../objects.ts' {
  interface Objects {
    secrets: ObjectOf<V1Secret>;
  }
}

export const secret = defineKind({
  kind: 'Secret',
  resource: 'secrets',
  defaults: defaultSecret,
  rules: validateData,
  updateRules: validateDataUpdate,
  columns: 'Name|Type|Data|Age',
  row: (secret, nowMs) => [secret.metadata.name, secret.type, size(secret.data), created(secret, nowMs)],
  selectable: { type: (object) => object.type },
  fields: `
Secret
  apiVersion:string data#2:{bytes} immutable*#5:bool kind:string metadata#1:meta/ObjectMeta stringData#4:{string}
  type#3:string`,
});

function defaultSecret(secret: Secret): void {
  setDefault(secret, 'type', 'Opaque');
  const texts = Object.entries(secret.stringData ?? {});
  delete secret.stringData;
  if (texts.length === 0) return;
  const encoded = texts.map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
}
