import { z } from 'zod';
import { AWS_REGIONS } from './aws-regions';

/* What single values of a configuration may be where AWS, or safety, has a rule for them. */

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, general purpose buckets. */
export const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'an S3 bucket name: 3 to 63 of a-z, 0-9, dot and hyphen')
  .refine((name) => !name.includes('..'), 'an S3 bucket name, which has no two dots in a row')
  .refine((name) => !/^\d+(\.\d+){3}$/.test(name), 'an S3 bucket name, which is no IP address')
  .refine(
    (name) => !/^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name),
    'an S3 bucket name without a prefix or suffix that S3 keeps for itself',
  );
export const region = z
  .string()
  .refine(
    (name) => AWS_REGIONS.includes(name),
    'an AWS region, such as us-east-1 (stacks/aws-regions.ts lists all)',
  )
  .meta({ enum: [...AWS_REGIONS] });

/** What an unreadable URL is, another rule says. */
const parsed = (url: string): URL | undefined => (URL.canParse(url) ? new URL(url) : undefined);
const hasCredentials = (text: string): boolean => {
  const url = parsed(text);
  return url !== undefined && url.username + url.password !== '';
};
const isPrivate = (text: string): boolean => {
  const url = parsed(text);
  const isLoopback = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url === undefined || url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
};

/** An API key goes with each request, and each text: neither may pass in the clear. */
export const serverUrl = z
  .url()
  .refine((text) => !hasCredentials(text), 'a URL without a user or password; name a secret instead')
  .refine((text) => isPrivate(text), 'a URL that begins with https:// (http:// on this machine alone)');

/** Addresses that AWS gives a VPC: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html, RFC 1918 and 6598. */
const isPrivateBlock = (cidr: string): boolean => {
  const [a = 0, b = 0, c = 0] = cidr.split('.').map(Number);
  const isOurs =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128);
  return isOurs && b < 256 && c < 256;
};

export const privateBlock = z
  .string()
  .regex(/^\d+\.\d+\.\d+\.0\/24$/, 'a /24, such as 10.87.0.0/24')
  .refine(
    isPrivateBlock,
    'a /24 of private addresses (10., 172.16. to 172.31., 192.168., 100.64. to 100.127.)',
  );

/** Of AWS's 50 (https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html) the stack sets `Name` itself. */
const MOST_TAGS = 49;

const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
export const tags = z
  .record(z.string().min(1).max(128), z.string().max(256))
  .refine((all) => Object.keys(all).every((key) => !/^aws:/i.test(key)), 'keys that do not begin with aws:')
  .refine(
    (all) =>
      Object.entries(all)
        .flat()
        .every((text) => TAG.test(text)),
    'letters, digits, spaces and _ . : / = + - @, in keys and values',
  )
  .refine(
    (all) => Object.keys(all).length <= MOST_TAGS,
    `at most ${MOST_TAGS} tags, since AWS takes 50 and the stack has its own`,
  );

export const keyArn = z
  .string()
  .regex(/^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key (not of an alias)');
