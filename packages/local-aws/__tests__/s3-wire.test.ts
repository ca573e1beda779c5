import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { decodeAwsChunked } from '../src/s3/aws-chunked';
import { Body, CHECKSUM_ALGORITHMS } from '../src/s3/body';
import { escapeXml, parseXml, urlEncodeKey } from '../src/s3/xml';

const anyText = fc.string({ unit: 'binary', maxLength: 30 });

describe('XML', () => {
  test('whatever text is written is read back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(parseXml(`<a><b>${escapeXml(text)}</b></a>`)?.children[0]?.text).toBe(text);
      }),
    );
  });

  test('comments, CDATA, declarations, prefixes and empty elements are read as they are meant', () => {
    const root = parseXml(
      `<?xml version="1.0"?>\r\n<s3:Delete xmlns:s3="urn:x"><!-- no --><Quiet/><Key a="<b">x&#65;&#x42;<![CDATA[<&>]]></Key></s3:Delete>`.replace(
        '"<b"',
        '"b"',
      ),
    );
    expect(root).toMatchObject({
      name: 'Delete',
      children: [
        { name: 'Quiet', text: '' },
        { name: 'Key', text: 'xAB<&>' },
      ],
    });
  });

  test.each(['', 'text', '<a>', '<a></b>', '</a>', '<a/><b/>', '<a><b></a></b>'])(
    '%j is not a document',
    (text) => {
      expect(parseXml(text)).toBeUndefined();
    },
  );

  test('a key under url encoding is read back as a form field is', () => {
    fc.assert(
      fc.property(anyText, (key) => {
        const encoded = urlEncodeKey(key);
        expect(encoded).toMatch(/^[\w.*/%+-]*$/);
        expect(decodeURIComponent(encoded.replaceAll('+', ' '))).toBe(key);
      }),
    );
  });
});

describe('aws-chunked bodies', () => {
  const frame = (pieces: readonly Buffer[], trailer = ''): Buffer =>
    Buffer.concat([
      ...pieces.flatMap((piece) => [
        Buffer.from(`${piece.length.toString(16)};chunk-signature=0\r\n`),
        piece,
        Buffer.from('\r\n'),
      ]),
      Buffer.from(`0\r\n${trailer}\r\n`),
    ]);
  const pieces = fc.array(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    { maxLength: 5 },
  );

  test('any bytes in any pieces come out whole, with the trailers', () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        const whole = Buffer.concat(chunks);
        const { data, trailers } = decodeAwsChunked(
          frame(chunks, 'x-amz-checksum-crc32:AAAAAA==\r\n'),
          String(whole.length),
        );
        expect(data.equals(whole)).toBe(true);
        expect(trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' });
      }),
    );
  });

  test('a body that breaks off anywhere before its last line is refused', () => {
    fc.assert(
      fc.property(pieces, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (chunks, where) => {
        const whole = frame(chunks);
        const end = Math.floor(where * (whole.length - '0\r\n\r\n'.length));
        expect(() => decodeAwsChunked(whole.subarray(0, end), undefined)).toThrow(
          expect.objectContaining({ code: 'IncompleteBody' }),
        );
      }),
    );
  });

  test('a body of another length than was declared is refused', () => {
    expect(() => decodeAwsChunked(frame([Buffer.from('abc')]), '4')).toThrow(
      expect.objectContaining({ code: 'IncompleteBody' }),
    );
  });
});

describe('bodies in pieces', () => {
  const cut = fc
    .array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 })
    .map((pieces) => pieces.map((piece) => Buffer.from(piece)));

  test('have the digests of the bytes, however they are cut', () => {
    fc.assert(
      fc.property(cut, (pieces) => {
        const whole = Buffer.concat(pieces);
        const [inPieces, inOne] = [new Body(pieces), new Body([whole])];
        for (const algorithm of [...CHECKSUM_ALGORITHMS, 'MD5'] as const) {
          expect(inPieces.digest(algorithm)).toEqual(inOne.digest(algorithm));
        }
        expect(inOne.digest('MD5')).toEqual(createHash('md5').update(whole).digest());
      }),
    );
  });

  test('are sliced as the bytes are', () => {
    fc.assert(
      fc.property(cut, fc.nat(60), fc.nat(60), (pieces, start, length) => {
        const whole = Buffer.concat(pieces);
        const end = Math.min(start + length, whole.length);
        const slice = new Body(pieces).slice(start, end);
        expect(Buffer.concat(slice.pieces)).toEqual(whole.subarray(start, end));
      }),
    );
  });
});
