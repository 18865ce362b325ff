/** The wire form of answers: JSON, YAML, Table or PartialObjectMetadata, as the Accept header asks. */
import { stringify as toYaml } from 'yaml';
import { ApiError } from '../api-error.ts';
import type { Answer, Call } from './call.ts';
import { apiVersionOf, type Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import { tableColumns, tableRow } from './table.ts';

type Form = 'json' | 'yaml' | 'table' | 'metadata';

/** The first form of the Accept header that is offered; JSON when it does not matter, 406 when none fits. */
function formOf(accept: string | undefined): Form {
  for (const part of (accept ?? '*/*').split(',')) {
    const form = offeredForm(part);
    if (form) return form;
  }
  const accepted = 'application/json, application/yaml';
  throw new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted}`);
}

const PLAIN_FORMS: Record<string, Form> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
};

function offeredForm(part: string): Form | undefined {
  const [media = '', ...parameters] = part.split(';').map((each) => each.trim());
  const option = new URLSearchParams(parameters.join('&'));
  const as = option.get('as');
  if (as === null) return PLAIN_FORMS[media];
  if (media !== 'application/json' || option.get('v') !== 'v1') return undefined;
  return as === 'Table' ? 'table' : as.startsWith('PartialObjectMetadata') ? 'metadata' : undefined;
}

/** Writes an answer. */
export function render(call: Call, answer: Answer): void {
  if (answer.is === 'streamed') return;
  if (answer.is === 'empty') {
    call.response.writeHead(204);
    return void call.response.end();
  }
  const form = formOf(call.http.headers.accept);
  const code = answer.is === 'list' ? 200 : answer.code;
  if (form === 'yaml')
    return sendText(
      call,
      code,
      'application/yaml',
      toYaml(JSON.parse(jsonOf(call, answer, 'json')), { aliasDuplicateObjects: false }),
    );
  sendText(call, code, 'application/json', jsonOf(call, answer, form));
}

function sendText({ response, http }: Call, code: number, contentType: string, text: string): void {
  response.writeHead(code, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
  });
  response.end(http.method === 'HEAD' ? undefined : text);
}

function jsonOf(call: Call, answer: Exclude<Answer, { is: 'streamed' | 'empty' }>, form: Form): string {
  if (answer.is === 'plain') return JSON.stringify(answer.body);
  if (answer.is === 'object') return objectJson(call, answer.type, answer.object, form);
  const { resourceVersion, continueToken, remaining, type, items } = answer;
  const metadata = JSON.stringify({
    resourceVersion,
    ...(continueToken ? { continue: continueToken } : {}),
    ...(remaining ? { remainingItemCount: remaining } : {}),
  });
  if (form === 'table') {
    return tableJson(metadata, tableBody(call, type, items, true));
  }
  const kind = form === 'metadata' ? 'PartialObjectMetadataList' : `${type.kind}List`;
  const apiVersion = form === 'metadata' ? 'meta.k8s.io/v1' : apiVersionOf(type);
  const texts = items.map((item) => objectJson(call, type, item, form));
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${metadata},"items":[${texts.join(',')}]}`;
}

/** Both as JSON; the body is the inside of an object. */
function tableJson(metadata: string, body: string): string {
  return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${metadata},${body}}`;
}

function objectJson({ store, ...call }: Call, type: Kind, object: KubeObject, form: Form): string {
  if (form === 'table') {
    const metadata = JSON.stringify({ resourceVersion: object.metadata.resourceVersion });
    return tableJson(metadata, tableBody({ store, ...call }, type, [object], true));
  }
  if (form === 'metadata') return JSON.stringify(partialMetadata(object));
  return store.json(object);
}

const partialMetadata = ({ metadata }: KubeObject): unknown => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

/** Rows carry the object's metadata, the whole object, or nothing, as includeObject asks. */
function tableBody({ request, context, store }: Call, type: Kind, items: KubeObject[], withColumns: boolean): string {
  const include = request.query.get('includeObject') ?? 'Metadata';
  const now = context.clock.nowMs();
  const rows = items.map((object) => {
    const { cells, conditions } = tableRow(type, object, now);
    const whole = store.json(object);
    const shown =
      include === 'None' ? '' : `,"object":${include === 'Object' ? whole : JSON.stringify(partialMetadata(object))}`;
    const state = conditions ? `,"conditions":${JSON.stringify(conditions)}` : '';
    return `{"cells":${JSON.stringify(cells)}${state}${shown}}`;
  });
  const columns = withColumns ? JSON.stringify(tableColumns(type)) : 'null';
  return `"columnDefinitions":${columns},"rows":[${rows.join(',')}]`;
}

export interface FrameWriter {
  contentType: string;
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): string;
  bookmark(resourceVersion: string, annotations?: Record<string, string>): string;
  error(status: unknown): string;
}

/** How a watch writes its events. A table says its columns once. */
export function frameWriter(call: Call): FrameWriter {
  const form = formOf(call.http.headers.accept);
  const { type } = call.request;
  let first = true;
  const frame = (what: string, object: string): string => `{"type":"${what}","object":${object}}\n`;
  const table = (object: KubeObject): string => {
    const metadata = JSON.stringify({ resourceVersion: object.metadata.resourceVersion });
    const body = tableBody(call, type, [object], first);
    first = false;
    return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${metadata},${body}}`;
  };
  return {
    contentType: 'application/json',
    event: (what, object) => frame(what, form === 'table' ? table(object) : objectJson(call, type, object, form)),
    bookmark(resourceVersion, annotations) {
      const metadata = { resourceVersion, creationTimestamp: null, ...(annotations ? { annotations } : {}) };
      if (form === 'table') {
        return frame(
          'BOOKMARK',
          JSON.stringify({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: null, rows: [] }),
        );
      }
      const kind = form === 'metadata' ? 'PartialObjectMetadata' : type.kind;
      const apiVersion = form === 'metadata' ? 'meta.k8s.io/v1' : apiVersionOf(type);
      return frame('BOOKMARK', JSON.stringify({ kind, apiVersion, metadata }));
    },
    error: (status) => frame('ERROR', JSON.stringify(status)),
  };
}
