export interface XmlElement {
  readonly name: string;
  /** The element's own character data, children left out. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const unescapeText = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
        if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
        if (decimal) return String.fromCodePoint(Number(decimal));
        return NAMED[name] ?? whole;
      })
    : text;

const TOKEN =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([^\s/>]+)[^>]*?(\/?)>|([^<]+)/g;

/**
 * Reads an XML document into elements. Attributes and namespaces are dropped: S3's requests carry no
 * meaning in them (but `xsi:type` of grants, which nobody may send here).
 *
 * @returns undefined when the text is not a well-formed document.
 */
export function parseXml(source: string): XmlElement | undefined {
  // XML 1.0, 2.11: a reader sees every literal line end as one line feed.
  const document = source.replace(/\r\n?/g, '\n').trim();
  const root = { name: '', text: '', children: [] as XmlElement[] };
  const open: { name: string; text: string; children: XmlElement[] }[] = [root];
  let end = 0;
  for (const token of document.matchAll(TOKEN)) {
    if (token.index !== end) return undefined;
    end = token.index + token[0].length;
    const [, data, closing, name, selfClosing, text] = token;
    const current = open.at(-1);
    if (current === undefined) return undefined;
    if (data !== undefined) current.text += data;
    else if (text !== undefined) current.text += unescapeText(text);
    else if (name !== undefined && closing === '/') {
      if (open.length === 1 || open.pop()?.name !== localName(name)) return undefined;
    } else if (name !== undefined) {
      const element = { name: localName(name), text: '', children: [] };
      current.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
  }
  if (end !== document.length || open.length !== 1 || root.children.length !== 1) return undefined;
  return root.children[0];
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

export const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((candidate) => candidate.name === name);

export const childText = (element: XmlElement, name: string): string | undefined =>
  child(element, name)?.text;

export const childrenNamed = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((candidate) => candidate.name === name);

const SPECIAL = /[&<>"\p{Cc}\ufffe\uffff]/gu;

const escapeCharacter = (character: string): string => {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
    case '\n':
    case '\t':
      return character;
    default:
      return `&#x${character.charCodeAt(0).toString(16)};`;
  }
};

/** Escapes text as S3 does: control characters become references, though XML 1.0 readers refuse most. */
export const escapeXml = (text: string): string => text.replace(SPECIAL, escapeCharacter);

/** One element with text. An undefined value writes nothing. */
export const tag = (name: string, value: string | number | boolean | undefined): string =>
  value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A whole answer: the declaration and a root element in S3's namespace around content that is already XML. */
export const xmlDocument = (root: string, content: string): string =>
  `${DECLARATION}<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;

/** Errors carry no namespace. */
export const errorDocument = (content: string): string => `${DECLARATION}<Error>${content}</Error>`;

/**
 * Keys under `encoding-type=url`, in the event JSON too: `application/x-www-form-urlencoded`, slashes kept.
 * A space becomes `+`: a reader that uses `decodeURIComponent` alone gets such keys wrong.
 */
export const urlEncodeKey = (key: string): string =>
  encodeURIComponent(key)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+');
