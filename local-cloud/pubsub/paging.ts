/**
 * Pages of a list of names in sorted order: the token is the last name given, so a
 * page stays right when names come and go.
 */
export function page(
  names: string[],
  request: { pageSize: number; pageToken: string },
): { items: string[]; nextPageToken: string } {
  const rest = names.sort().filter((name) => name > request.pageToken);
  const items = rest.slice(0, request.pageSize || 1000);
  return { items, nextPageToken: items.length < rest.length ? (items.at(-1) ?? '') : '' };
}
