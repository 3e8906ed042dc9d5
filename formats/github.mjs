// github.mjs: Markdown as GitHub shows it: CommonMark with GitHub's extensions, HTML let
// through, and then only the elements and attributes that GitHub lets pass
// (rehype-sanitize follows GitHub's own list: no style, no class, no script).
import { unified } from "unified";
import remarkParse from "remark-parse";
import remarkGfm from "remark-gfm";
import remarkRehype from "remark-rehype";
import rehypeRaw from "rehype-raw";
import rehypeSanitize from "rehype-sanitize";
import rehypeStringify from "rehype-stringify";

const toTree = unified().use(remarkParse).use(remarkGfm).use(remarkRehype, { allowDangerousHtml: true }).use(rehypeRaw).use(rehypeSanitize);

// tree is the rendered page as a hast tree.
export const tree = (markdown) => toTree.runSync(toTree.parse(markdown));

// render is the rendered page as HTML.
export const render = (markdown) => unified().use(rehypeStringify).stringify(tree(markdown));
