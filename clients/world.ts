// What both clients are told: where the server is, who they are, and how to see that something holds.
import { deepStrictEqual } from "node:assert";

export const url = process.env.COREKIT_URL!;
export const trustedUrl = process.env.COREKIT_TRUSTED_URL!;
export const members = Number(process.env.COREKIT_MEMBERS);
export const bearer = { authorization: `Bearer ${process.env.COREKIT_TOKEN}` };

const held: string[] = [];

/** Notes what holds; throws where `found` is not what was expected. */
export function holds(what: string, found: unknown, expected: unknown): void {
  deepStrictEqual(found, expected, `${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  held.push(what);
}

/** Says how much held, and what. */
export function report(): void {
  console.log(`${held.length} assertions: ${[...new Set(held)].join(", ")}`);
}
