/** Object listings: prefix, delimiter, offsets, glob and pages, in one walk over the sorted names. */
import * as z from 'zod';
import { parseJsonIfWhole } from '../../read-json.ts';
import { invalid } from './api-error.ts';
import { globToRegExp } from './glob.ts';
import type { ObjectVersion } from './model.ts';
import type { BucketEntry } from './object-index.ts';
import { compareNames } from './sorted-names.ts';

const MAX_RESULTS = 1000;

export interface ListQuery {
  prefix?: string;
  delimiter?: string;
  startOffset?: string;
  endOffset?: string;
  matchGlob?: string;
  versions?: boolean;
  includeTrailingDelimiter?: boolean;
  maxResults?: number;
  pageToken?: string;
}

export interface ListPage {
  items: ObjectVersion[];
  prefixes: string[];
  nextPageToken?: string;
}

/** Where the page before ended: at a name (and generation), or behind everything with a prefix. */
const positionSchema = z.object({
  name: z.string(),
  generation: z.exactOptional(z.number()),
  wholePrefix: z.exactOptional(z.boolean()),
});
type Position = z.infer<typeof positionSchema>;

export function listObjects(entry: BucketEntry, query: ListQuery): ListPage {
  return new Listing(entry, query).page();
}

class Listing {
  readonly #entry: BucketEntry;
  readonly #query: ListQuery;
  readonly #prefix: string;
  readonly #limit: number;
  readonly #glob: RegExp | undefined;
  readonly #page: ListPage = { items: [], prefixes: [] };
  #last: Position | undefined;

  constructor(entry: BucketEntry, query: ListQuery) {
    this.#entry = entry;
    this.#query = query;
    this.#prefix = query.prefix ?? '';
    this.#limit = Math.min(query.maxResults || MAX_RESULTS, MAX_RESULTS);
    this.#glob = query.matchGlob === undefined ? undefined : globToRegExp(query.matchGlob);
    if (this.#glob && query.delimiter !== undefined && query.delimiter !== '/') {
      throw invalid('matchGlob can be combined with the delimiter "/" only.');
    }
  }

  page(): ListPage {
    const { names } = this.#entry;
    const after = this.#query.pageToken === undefined ? undefined : decodeToken(this.#query.pageToken);
    let at = this.#firstIndex(after);
    for (let name = names.at(at); name !== undefined && this.#isInside(name); name = names.at(at)) {
      const folder = this.#folderOf(name);
      const isFull =
        folder === undefined
          ? !this.#addVersions(name, after?.name === name ? after : undefined)
          : !this.#addFolder(folder, name);
      if (isFull) {
        if (this.#last) this.#page.nextPageToken = encodeToken(this.#last);
        break;
      }
      at = folder === undefined ? at + 1 : names.afterPrefix(folder);
    }
    return this.#page;
  }

  #firstIndex(after: Position | undefined): number {
    const { names } = this.#entry;
    const start = this.#query.startOffset;
    const from = start !== undefined && compareNames(start, this.#prefix) > 0 ? start : this.#prefix;
    const first = names.lowerBound(from);
    if (!after) return first;
    const resumed = after.wholePrefix ? names.afterPrefix(after.name) : names.lowerBound(after.name);
    return Math.max(first, resumed);
  }

  #isInside(name: string): boolean {
    const { endOffset } = this.#query;
    return name.startsWith(this.#prefix) && (!endOffset || compareNames(name, endOffset) < 0);
  }

  #folderOf(name: string): string | undefined {
    const { delimiter } = this.#query;
    if (!delimiter) return undefined;
    const end = name.indexOf(delimiter, this.#prefix.length);
    return end < 0 ? undefined : name.slice(0, end + delimiter.length);
  }

  /** Answers false when the page was full already. */
  #addFolder(folder: string, firstName: string): boolean {
    const isObjectToo = this.#query.includeTrailingDelimiter === true && firstName === folder;
    if (this.#glob && !this.#glob.test(folder)) return true;
    if (!this.#hasFolderContent(folder)) return true;
    if (this.#isFull()) return false;
    this.#page.prefixes.push(folder);
    if (isObjectToo) this.#page.items.push(...this.#versions(firstName));
    this.#last = { name: folder, wholePrefix: true };
    return true;
  }

  /** A folder whose objects are all noncurrent shows only in a listing of versions. */
  #hasFolderContent(folder: string): boolean {
    const { names, objects } = this.#entry;
    if (this.#query.versions) return true;
    const end = names.afterPrefix(folder);
    for (let at = names.lowerBound(folder); at < end; at++) if (objects.get(names.at(at) ?? '')?.live) return true;
    return false;
  }

  #addVersions(name: string, after: Position | undefined): boolean {
    if (this.#glob && !this.#glob.test(name)) return true;
    // An object overwritten between two pages must not appear on both.
    if (after && !this.#query.versions) return true;
    for (const version of this.#versions(name)) {
      if (after?.generation !== undefined && version.generation <= after.generation) continue;
      if (this.#isFull()) return false;
      this.#page.items.push(version);
      this.#last = { name, generation: version.generation };
    }
    return true;
  }

  #versions(name: string): ObjectVersion[] {
    const entry = this.#entry.objects.get(name);
    const live = entry?.live ? [entry.live] : [];
    return this.#query.versions ? [...(entry?.noncurrent ?? []), ...live] : live;
  }

  #isFull(): boolean {
    return this.#page.items.length + this.#page.prefixes.length >= this.#limit;
  }
}

function encodeToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decodeToken(token: string): Position {
  const position = parseJsonIfWhole(Buffer.from(token, 'base64url').toString(), positionSchema);
  if (position === undefined) throw invalid('Invalid argument: pageToken');
  return position;
}
