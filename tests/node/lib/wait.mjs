// Waiting for conditions, never for time: each wait has a deadline and says what it waited for and what
// came instead.

import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';

/** Long enough for a loaded machine; a condition that holds ends the wait at once. */
export const DEADLINE_MS = 60_000;

const POLL_MS = 5;

/**
 * Waits until `condition` holds, and returns its value.
 *
 * A promise holds when it resolves. A predicate holds when it returns (or resolves to) something truthy; one
 * that throws an AssertionError does not hold yet, and the last such error is what came.
 *
 * @param {Promise<T> | (() => T | Promise<T>)} condition
 * @param {string} what what is awaited, for the error
 * @param {number} [ms] the deadline
 * @returns {Promise<T>}
 * @template T
 */
export async function waitFor(condition, what, ms = DEADLINE_MS) {
  return typeof condition === 'function' ? poll(condition, what, ms) : settled(condition, what, ms);
}

async function poll(condition, what, ms) {
  const deadline = performance.now() + ms;
  for (;;) {
    const { value, came } = await attempt(condition);
    if (value) return value;
    if (performance.now() >= deadline) throw missed(what, ms, came);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function attempt(condition) {
  try {
    const value = await condition();
    return { value, came: inspect(value) };
  } catch (error) {
    if (error instanceof AssertionError) return { came: error.message };
    throw error;
  }
}

async function settled(promise, what, ms) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => reject(missed(what, ms, 'nothing')), ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function missed(what, ms, came) {
  return new Error(`awaited ${what} for ${Math.round(ms)} ms; what came: ${came}`);
}
