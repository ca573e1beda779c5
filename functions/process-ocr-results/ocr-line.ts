import type { Region } from '../../contracts/geometry';

/** What both OCR sources come down to: a line with its words, in reading order, y up. */
export type OcrLine = Region & { readonly words: readonly Region[] };
