/**
 * Pure: kinds of machine that the cloud has refused, and until when they are not asked for again. Whatever was refused
 * often waits longer: a zone that is out of Spot machines mostly stays so for a while.
 */
import { type Flavour, flavourText } from './flavours.ts';

export interface Refusal extends Flavour {
  /** How often, one after the other. */
  count: number;
  /** ISO time. */
  until: string;
  /** In the cloud's words. */
  text: string;
}

const FIRST_SECONDS = 600;
const MOST_SECONDS = 3600;

/** The list with this refusal. One that is known already is the same shortage, seen once more. */
export function withRefusal(refusals: readonly Refusal[], flavour: Flavour, text: string, nowMs: number): Refusal[] {
  if (isRefused(refusals, flavour, nowMs)) return [...refusals];
  const count = (refusals.find((one) => isSameFlavour(one, flavour))?.count ?? 0) + 1;
  const seconds = Math.min(MOST_SECONDS, FIRST_SECONDS * 2 ** (count - 1));
  const { machineType, spot, zone } = flavour;
  const until = new Date(nowMs + seconds * 1000).toISOString();
  const others = refusals.filter((one) => !isSameFlavour(one, flavour));
  return [...others, { machineType, spot, zone, count, until, text }];
}

function isRefused(refusals: readonly Refusal[], flavour: Flavour, nowMs: number): boolean {
  return refusals.some((one) => isSameFlavour(one, flavour) && nowMs < Date.parse(one.until));
}

function isSameFlavour(one: Flavour, other: Flavour): boolean {
  return one.machineType === other.machineType && one.spot === other.spot && one.zone === other.zone;
}

/** The kind to ask for now; null when all are refused. */
export function nextFlavour(flavours: readonly Flavour[], refusals: readonly Refusal[], nowMs: number): Flavour | null {
  return flavours.find((flavour) => !isRefused(refusals, flavour, nowMs)) ?? null;
}

/** What a job that lacks machines waits for; null when no kind is refused now. */
export function shortageText(flavours: readonly Flavour[], refusals: readonly Refusal[], nowMs: number): string | null {
  const missing = flavours.filter((flavour) => isRefused(refusals, flavour, nowMs));
  if (missing.length === 0) return null;
  const next = nextFlavour(flavours, refusals, nowMs);
  const then = next === null ? `trying again at ${firstUntil(refusals, nowMs)}` : `trying ${flavourText(next)}`;
  return `no ${missing.map(flavourText).join(', no ')}, ${then}`;
}

function firstUntil(refusals: readonly Refusal[], nowMs: number): string {
  const ahead = refusals.map(({ until }) => until).filter((until) => Date.parse(until) > nowMs);
  return ahead.toSorted()[0] ?? '';
}
