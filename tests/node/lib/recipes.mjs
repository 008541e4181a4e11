// What docs/proxies.md prints, to be run as it is printed there.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const DOCUMENT = new URL('../../../docs/proxies.md', import.meta.url);

/** @returns {Promise<string>} the first code block of this language below this heading */
export async function recipe(heading, language) {
  const sections = (await readFile(DOCUMENT, 'utf8')).split(/^## /m);
  const section = sections.find((section) => section.startsWith(`${heading}\n`));
  assert.ok(section, `docs/proxies.md has the heading ${heading}`);
  const block = section.split(`\`\`\`${language}\n`)[1];
  assert.ok(block, `docs/proxies.md has a block of ${language} below ${heading}`);
  return block.split('```')[0];
}

/** Puts this machine's ports and files in the place of a recipe's; each has to be there. */
export function adapted(text, replacements) {
  return Object.entries(replacements).reduce((text, [printed, own]) => {
    assert.ok(text.includes(printed), `the recipe says ${printed}`);
    return text.replaceAll(printed, own);
  }, text);
}
