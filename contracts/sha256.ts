import { z } from 'zod';

/** A SHA-256 as 64 hexadecimal digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
