/**
 * Fields of what a record keeps and its status shows as it is. Fields only: a record is strict, and of a status what a
 * newer version has added stays.
 */
import * as z from 'zod';

const text = z.string();
const number = z.number();
const time = z.string();

export const decisionFields = {
  at: time,
  firstAt: z.exactOptional(time),
  count: z.exactOptional(number),
  what: text,
  code: text,
  text,
};
export const problemFields = { code: text, path: text, message: text, remedy: text };
export const errorFields = { loop: number, iteration: number, message: text, worker: text, final: z.boolean() };
export const outputFields = { name: text, bytes: number, sha256: text };
