import type { Settings } from './config-schema';

/** The customer keys that a configuration names, by the setting that names each. */
export const keyArns = ({
  encryption,
  adopt,
  embedding,
  chroma,
}: Pick<Settings, 'encryption' | 'adopt' | 'embedding' | 'chroma'>) => ({
  'encryption.keyArn': encryption.type === 'kms' ? encryption.keyArn : undefined,
  'adopt.bucket.keyArn': adopt.bucket?.keyArn,
  'adopt.table.keyArn': adopt.table?.as === 'data-source' ? adopt.table.keyArn : undefined,
  'embedding.secretKeyArn': embedding.secretKeyArn,
  'chroma.secretKeyArn': chroma.mode === 'embedded' ? undefined : chroma.secretKeyArn,
});

/** Keys under which there may be data that the functions read and never write. */
export const formerKeyArns = (settings: Parameters<typeof keyArns>[0]): string[] => {
  const ofBucket = keyArns(settings)['adopt.bucket.keyArn'];
  return [...settings.encryption.formerKeyArns, ...(ofBucket === undefined ? [] : [ofBucket])];
};
