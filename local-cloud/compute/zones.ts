/** Regions and zones that the local cloud knows: enough to try fallbacks in, not the whole list. */

const ZONE_LETTERS: Record<string, string> = {
  'us-central1': 'abcf',
  'us-east1': 'bcd',
  'us-east4': 'abc',
  'us-west1': 'abc',
  'europe-west1': 'bcd',
  'europe-west3': 'abc',
  'europe-west4': 'abc',
  'asia-east1': 'abc',
  'asia-northeast1': 'abc',
  'australia-southeast1': 'abc',
};

export const REGIONS: readonly string[] = Object.keys(ZONE_LETTERS);

export const ZONES: readonly string[] = REGIONS.flatMap((region) => zonesOf(region));

export function zonesOf(region: string): string[] {
  return [...(ZONE_LETTERS[region] ?? '')].map((letter) => `${region}-${letter}`);
}

export function regionOf(location: string): string {
  return location.replace(/-[a-z]$/, '');
}

export function isZone(location: string): boolean {
  return ZONES.includes(location);
}

export function isRegion(location: string): boolean {
  return REGIONS.includes(location);
}
