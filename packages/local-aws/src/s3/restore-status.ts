import { currentMoment } from './clock';
import { isArchived } from './object-draft';
import type { ExistingObject, Headers } from './store';
import { tag } from './xml';

/** Whether an object can be read, or copied. */
export const isReadable = ({ content, restore }: ExistingObject): boolean =>
  !isArchived(content.storageClass) ||
  (restore?.done === true && restore.until > currentMoment().milliseconds);

export function restoreHeaders({ restore }: ExistingObject): Headers {
  if (restore === undefined) return {};
  const state = restore.done
    ? `ongoing-request="false", expiry-date="${new Date(restore.until).toUTCString()}"`
    : 'ongoing-request="true"';
  return { 'x-amz-restore': state };
}

/** For listings that are asked for it. */
export function restoreElement({ restore }: ExistingObject): string {
  if (restore === undefined) return '';
  const expiry = restore.done ? tag('RestoreExpiryDate', new Date(restore.until).toISOString()) : '';
  return `<RestoreStatus>${tag('IsRestoreInProgress', !restore.done)}${expiry}</RestoreStatus>`;
}
