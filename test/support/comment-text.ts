/** The comments of a source as a document, for the rule about sentences. */

/**
 * Each line at its place; what is code is an empty line, and comments behind code are left out. What is indented within
 * a comment is a list or a picture, line by line. Tags of roxygen and JSDoc begin a paragraph.
 */
export function commentText(path: string, text: string): string {
  const isTagged = /^#' /m.test(text);
  const lines = /\.(ts|mjs|js|c|h)$/.test(path) ? slashComments(text) : hashComments(text);
  return lines
    .map((line) => line.replace(/^ /, '').trimEnd())
    .map((line) => (/^\s*@/.test(line) ? `- ${line.trim()}` : line.replace(/^ {2,}(?=\S)/, isTagged ? '' : '- ')))
    .join('\n');
}

function hashComments(text: string): string[] {
  return text.split('\n').map((line) => /^\s*#+'?(?!!)(.*)$/.exec(line)?.[1] ?? '');
}

function slashComments(text: string): string[] {
  let isInBlock = false;
  return text.split('\n').map((line) => {
    if (!isInBlock && !/^\s*(\/\/|\/\*)/.test(line)) return '';
    if (isInBlock || !/^\s*\/\//.test(line)) isInBlock = !line.includes('*/');
    return line.replace(/^\s*(\/\/|\/\*+|\*(?!\/))?/, '').replace(/\*\/.*$/, '');
  });
}
