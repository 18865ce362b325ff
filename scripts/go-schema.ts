// From the Go sources of the Kubernetes API to the notation of local-cloud/kubernetes/schema/schema.ts. Their tags hold
// names, merge keys and protobuf numbers, the markers above them how lists and maps merge. Not a parser of Go: it reads
// the one form in which those files are written.

const WIDTH = 118;

/** What the comment above a field or type says in markers such as `+listType=atomic`. */
type Markers = Map<string, string[]>;

interface GoField {
  name: string;
  type: string;
  markers: Markers;
  /** Its own fields stand in the struct that holds it. */
  isInline: boolean;
  isRequired: boolean;
  /** In the protobuf form. */
  number: string | undefined;
  /** How a strategic merge patch treats it. */
  strategies: string[];
  mergeKey: string | undefined;
}

interface GoPackage {
  structs: Map<string, { fields: GoField[]; markers: Markers }>;
  /** `type PullPolicy string` */
  names: Map<string, string>;
  /** `metav1` -> `io.k8s.apimachinery.pkg.apis.meta.v1` */
  imports: Map<string, string>;
}

const SCALARS: Record<string, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int',
  int64: 'long',
  float64: 'num',
  '[]byte': 'bytes',
  'metav1.Time': 'time',
  'metav1.MicroTime': 'microtime',
  'metav1.Duration': 'string',
  'metav1.FieldsV1': 'any',
  'resource.Quantity': 'quantity',
  'intstr.IntOrString': 'intstr',
  'runtime.RawExtension': 'any',
  'types.UID': 'string',
};

/** The structs and names of a package's sources. */
export function readPackage(sources: string[]): GoPackage {
  const found: GoPackage = { structs: new Map(), names: new Map(), imports: new Map() };
  for (const source of sources) readSource(source, found);
  return found;
}

const MARKER = /^\s*\/\/ ?\+(?<marker>[\w:]+)(?:=(?<value>.*))?$/;
const DECLARATION =
  /^type (?<struct>\w+) struct \{$|^type (?<name>\w+) (?<type>\S+)$|^\t(?:\w+ +)?(?<fieldType>\S+) +`(?<tags>.*)`/;

function readSource(source: string, found: GoPackage): void {
  for (const [, alias = '', path = ''] of source.matchAll(/^\t(\w+) "k8s\.io\/(\S+)"$/gm))
    found.imports.set(alias, `io.k8s.${path.replaceAll('/', '.')}`);
  let markers: Markers = new Map();
  let struct = '';
  for (const line of source.split('\n')) {
    const { marker, value = '' } = MARKER.exec(line)?.groups ?? {};
    if (marker !== undefined) markers.set(marker, [...(markers.get(marker) ?? []), value.trim()]);
    if (/^\s*\/\//.test(line)) continue;
    struct = line.startsWith('}') ? '' : declare(found, struct, line, markers);
    markers = new Map();
  }
}

/** Notes what a line declares; the answer is the struct that the next line is in. */
function declare({ structs, names }: GoPackage, inside: string, line: string, markers: Markers): string {
  const { struct, name, type, fieldType, tags } = DECLARATION.exec(line)?.groups ?? {};
  if (struct !== undefined) structs.set(struct, { fields: [], markers });
  if (name !== undefined && type !== undefined) names.set(name, type);
  if (fieldType !== undefined) structs.get(inside)?.fields.push(toField(fieldType, tags ?? '', markers));
  return struct ?? inside;
}

function toField(type: string, text: string, markers: Markers): GoField {
  const tags = new Map([...text.matchAll(/(\w+):"([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const [name = '', ...options] = (tags.get('json') ?? '').split(',');
  const isLeftOut = markers.has('optional') || options.some((option) => option.startsWith('omit'));
  return {
    name,
    type,
    markers,
    isInline: options.includes('inline') && name === '',
    isRequired: markers.has('required') || !isLeftOut,
    number: tags.get('protobuf')?.split(',')[1],
    strategies: tags.get('patchStrategy')?.split(',') ?? [],
    mergeKey: tags.get('patchMergeKey'),
  };
}

/** `io.k8s.api.core.v1` and the short name by which tables refer to it; `k8s.io/api/core/v1` is its folder. */
export interface Place {
  alias: string;
  sources: GoPackage;
}

/** Writes kinds in the notation of schema.ts. */
export class SchemaWriter {
  readonly #places: Map<string, Place>;

  constructor(places: Map<string, Place>) {
    this.#places = places;
  }

  /** The heading and the field lines of one kind. */
  kind(place: Place, name: string): string {
    const struct = place.sources.structs.get(name);
    if (!struct) throw new Error(`the sources have no kind ${place.alias}/${name}`);
    const isAtomic = struct.markers.get('structType')?.[0] === 'atomic';
    const fields = this.#fields(place, struct.fields, '').sort((a, b) => (a < b ? -1 : 1));
    return [`${name}${isAtomic ? ' (atomic)' : ''}`, ...wrapped(fields)].join('\n');
  }

  /** `outer`: the numbers of the messages that these fields are embedded in. */
  #fields(place: Place, fields: GoField[], outer: string): string[] {
    return fields
      .filter(({ name }) => name !== '-')
      .flatMap((field) => {
        const { name, type, number, isInline, isRequired } = field;
        if (isInline) return this.#inlined(place, type, `${outer}${number}.`);
        const isOptional = type.startsWith('*') && this.#isScalar(place, type.slice(1));
        const at = number === undefined ? '' : `#${outer}${number}`;
        return [`${name}${isRequired ? '!' : ''}${isOptional ? '*' : ''}${at}:${this.#typeOf(place, field)}`];
      });
  }

  #inlined(place: Place, type: string, outer: string): string[] {
    const [home, name] = this.#find(place, type);
    const inner = home.sources.structs.get(name)?.fields ?? [];
    if (name === 'TypeMeta') return ['apiVersion:string', 'kind:string'];
    return this.#fields(home, inner, outer);
  }

  #typeOf(place: Place, { type, markers, strategies, mergeKey }: GoField): string {
    const bare = this.#bare(place, type);
    if (bare.startsWith('[]') && bare !== '[]byte')
      return `[${[this.#plain(place, bare.slice(2)), ...listOptions(markers, strategies, mergeKey)].join('|')}]`;
    if (bare.startsWith('map[')) {
      const atomic = markers.get('mapType')?.[0] === 'atomic' ? '|atomic' : '';
      return `{${this.#plain(place, bare.slice(bare.indexOf(']') + 1))}${atomic}}`;
    }
    return [this.#plain(place, bare), ...strategies.filter((each) => each !== 'merge')].join('~');
  }

  #plain(place: Place, type: string): string {
    const bare = this.#bare(place, type);
    const scalar = SCALARS[bare];
    if (scalar !== undefined) return scalar;
    if (bare.startsWith('[]')) return `[${this.#plain(place, bare.slice(2))}]`;
    const [home, name] = this.#find(place, bare);
    return home === place ? name : `${home.alias}/${name}`;
  }

  #isScalar(place: Place, type: string): boolean {
    const bare = this.#bare(place, type);
    return SCALARS[bare] !== undefined && (bare === 'types.UID' || !bare.includes('.'));
  }

  /** Without pointers, and without names for strings, numbers, lists and maps. */
  #bare(place: Place, type: string): string {
    const target = type.replace(/^\*/, '');
    if (SCALARS[target] !== undefined || /^(\[|map)/.test(target)) return target;
    const [home, name] = this.#find(place, target);
    const own = home.alias === 'meta' ? `metav1.${name}` : name;
    if (SCALARS[own] !== undefined) return own;
    const meant = home.sources.names.get(name);
    return meant === undefined ? target : this.#bare(home, meant);
  }

  #find(place: Place, type: string): [Place, string] {
    const [before = '', after] = type.replace(/^\*/, '').split('.');
    if (after === undefined) return [place, before];
    const home = this.#places.get(place.sources.imports.get(before) ?? '');
    if (!home) throw new Error(`${type} is in a package that no table names`);
    return [home, after];
  }
}

function listOptions(markers: Markers, strategies: string[], mergeKey: string | undefined): string[] {
  const merges = strategies.includes('merge');
  const listType = markers.get('listType')?.[0] ?? (merges ? undefined : 'atomic');
  const options = listType === 'map' ? [`map=${(markers.get('listMapKey') ?? []).join('+')}`] : [listType ?? ''];
  if (merges) options.push(mergeKey === undefined ? 'merge' : `merge=${mergeKey}`);
  if (strategies.includes('retainKeys')) options.push('retainKeys');
  return options.filter((option) => option !== '');
}

/** Fields side by side, as many as a line holds. */
function wrapped(fields: string[]): string[] {
  const lines: string[] = [];
  for (const field of fields) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + field.length <= WIDTH) lines[lines.length - 1] = `${last} ${field}`;
    else lines.push(`  ${field}`);
  }
  return lines;
}
