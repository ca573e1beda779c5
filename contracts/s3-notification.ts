import { z } from 'zod';

/** What S3 sends once when a notification is configured. It announces nothing. */
const testEventSchema = z.object({ Event: z.literal('s3:TestEvent') });

const objectChangedSchema = z.object({
  eventSource: z.literal('aws:s3'),
  eventName: z
    .string()
    .regex(/^Object(?:Created|Removed):/, 'only ObjectCreated and ObjectRemoved events are expected here'),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      /** URL-encoded as a form is: a space arrives as `+`. */
      key: z
        .string()
        .min(1)
        .transform((key, context) => {
          try {
            return decodeURIComponent(key.replaceAll('+', ' '));
          } catch {
            context.addIssue({ code: 'custom', message: 'the key is not URL-encoded' });
            return z.NEVER;
          }
        }),
      /** Hexadecimal digits that tell the events of one key apart; one that is delivered again has the same. */
      sequencer: z.string().min(1).optional(),
    }),
  }),
});

/** What S3 says of the object itself. */
export type ChangedObject = z.infer<typeof objectChangedSchema>['s3']['object'];

/** OCR_RESULTS_QUEUE: S3's event notification, with the keys decoded. */
export const s3NotificationSchema = z.union([
  z.object({ Records: z.array(objectChangedSchema).min(1) }),
  testEventSchema,
]);
