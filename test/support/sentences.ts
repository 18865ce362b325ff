// The sentences of a document, for the rules about them. Headings, code blocks, tables and comments are no sentences;
// the cells of a table are asked for apart.

/** Code, links and bold text stand in a sentence as one reads them; a span of code is one word. */
interface Sentence {
  readonly text: string;
  readonly words: number;
  /** Of its paragraph's first line, from 1. */
  readonly line: number;
}

/** What ends in a point and is no end. */
const SHORTENED = /(?:^|[\s(])(?:e\.g|i\.e|etc|cf|vs|al|approx)\.$/;

export function sentencesOf(markdown: string): Sentence[] {
  return paragraphsOf(markdown).flatMap(({ text, line }) =>
    splitParagraph(text).map((sentence) => ({ text: sentence, words: countWords(sentence), line })),
  );
}

/** Those of the cells of tables. Items of a list in a cell have no end, but what stands between points. */
export function sentencesOfCells(markdown: string): Sentence[] {
  return withoutBlocks(markdown).flatMap((row, index) => {
    const cells = row.startsWith('|') ? row.split(/(?<!\\)\|/) : [];
    return cells.flatMap((cell) => sentencesOf(cell).map((sentence) => ({ ...sentence, line: index + 1 })));
  });
}

function countWords(sentence: string): number {
  const plain = sentence.replaceAll(/`[^`]*`/g, 'code').replaceAll(/\]\([^)]*\)/g, ']');
  return plain.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Lines that belong together: a paragraph, or one item of a list. */
function paragraphsOf(markdown: string): { text: string; line: number }[] {
  const found: { text: string; line: number }[] = [];
  let isOpen = false;
  withoutBlocks(markdown).forEach((line, index) => {
    const text = line.trim();
    const item = /^(?:[-*+]|\d+\.)\s+(.*)$/.exec(text);
    if (text === '' || /^(#|\||---)/.test(text)) isOpen = false;
    else if (item !== null || !isOpen) {
      found.push({ text: item?.[1] ?? text, line: index + 1 });
      isOpen = true;
    } else {
      const last = found.at(-1);
      if (last !== undefined) last.text += ` ${text}`;
    }
  });
  return found;
}

/** Lines of code blocks, of comments and of the head of an R Markdown file are empty. */
function withoutBlocks(markdown: string): string[] {
  const blank = (block: string): string => block.replaceAll(/[^\n]/g, '');
  return markdown
    .replace(/^---\n[^]*?\n---$/m, (block, offset) => (offset === 0 ? blank(block) : block))
    .replaceAll(/^ *```[^]*?^ *```$/gm, blank)
    .replaceAll(/<!--[^]*?-->/g, blank)
    .replaceAll(/^ {4,}(?![-*+\d]).*$/gm, (line, offset: number, whole: string) =>
      /\n\n$/.test(whole.slice(0, offset)) ? '' : line,
    )
    .split('\n');
}

function splitParagraph(text: string): string[] {
  const found: string[] = [];
  let sentence = '';
  // What is in code or in brackets of a link ends nothing.
  for (const part of text.split(/(`[^`]*`|\]\([^)]*\)|[.!?][)"*”]*(?=\s|$))/)) {
    sentence += part;
    const isEnd = /^[.!?][)"*”]*$/.test(part) && !SHORTENED.test(sentence);
    if (!isEnd) continue;
    found.push(sentence.trim());
    sentence = '';
  }
  return [...found, sentence.trim()].filter((each) => each !== '');
}
