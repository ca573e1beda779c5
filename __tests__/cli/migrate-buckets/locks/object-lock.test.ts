import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { EXPIRY, holderOf } from '../../../../cli/migrate-buckets/locks/holder';
import { type LockPlace, readLock, takeObjectLock } from '../../../../cli/migrate-buckets/locks/object-lock';
import { lockObjectKey } from '../../../../contracts/migrate-buckets/own-objects';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';

const embedded = useEmbeddedS3();
const me = () => holderOf('apply', 'plan.json');
const place = async (): Promise<LockPlace> => ({
  s3: embedded.s3,
  source: 'old',
  destination: await embedded.bucket(),
});
const alice = async () => ({ ...(await me()), user: 'alice', host: 'host-a' });
const bob = async () => ({ ...(await me()), user: 'bob', host: 'host-b' });

/** A client whose server was last heard of long ago: `seconds` lie between the lock and the answer. */
const later = (milliseconds: number) =>
  intercepted(embedded.s3, async (command, send) => {
    const answer = (await send()) as { LastModified?: Date };
    if (!(command instanceof GetObjectCommand) || answer.LastModified === undefined) return answer;
    return { ...answer, LastModified: new Date(answer.LastModified.getTime() - milliseconds) };
  });
/** A client of a server that ignores conditions. */
const unconditional = () =>
  intercepted(embedded.s3, (command, send) => {
    if (command instanceof PutObjectCommand) {
      delete command.input.IfMatch;
      delete command.input.IfNoneMatch;
    }
    return send();
  });

describe('C16: The lock at the destination', () => {
  it('keeps a second operator away, and says who works on it, since when, and how to break it', async () => {
    const at = await place();
    const held = await takeObjectLock(at, await alice());
    expect(held.conditional).toBe(true);
    await expect(takeObjectLock(at, await bob())).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(
        new RegExp(
          `works on the migration of old to ${at.destination}: apply of /.*plan.json by alice on host-a \\(process \\d+\\) since .*--break-lock host-a`,
        ),
      ),
    });
    await held.release();
    await expect(takeObjectLock(at, await bob())).resolves.toBeDefined();
  });

  it.each([
    ['none', undefined],
    ['one that was left behind', 'host-a'],
  ])('goes to who is quicker, of two who find %s', async (_what, left) => {
    const at = await place();
    if (left !== undefined) await takeObjectLock(at, await alice());
    const quicker = { version: 1, holder: { ...(await bob()), host: 'host-c' }, released: false };
    const mutate = {
      put: { bucket: at.destination, key: lockObjectKey('old'), body: JSON.stringify(quicker) },
    };
    await embedded.admin.inject({ operation: 'PutObject', mutate });
    await expect(takeObjectLock(at, await bob(), left)).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining('bob on host-c'),
    });
    expect((await readLock(at))?.lock).toEqual(quicker);
  });

  it('is as old as the clock of the server says, not as that of this machine', async () => {
    const at = await place();
    await takeObjectLock(at, await alice());
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 10 * EXPIRY);
    await expect(takeObjectLock(at, await bob())).rejects.toMatchObject({ exitCode: 6 });
    clock.mockRestore();
  });

  it.each([
    ['GetObject', 'read the lock'],
    ['PutObject', 'write the lock'],
  ])('that %s may not be asked for is a sentence, and not held', async (operation, doing) => {
    await embedded.admin.inject({ operation, fail: 'AccessDenied', times: 0 });
    await expect(takeObjectLock(await place(), await alice())).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining(`${doing} .migrate-buckets/old/lock.json`),
    });
  });

  it('is not taken in a bucket that does not exist, and is lost where it was deleted', async () => {
    const at = await place();
    await expect(takeObjectLock({ ...at, destination: 'nowhere' }, await alice())).rejects.toMatchObject({
      message: expect.stringContaining('nowhere does not exist'),
    });
    const held = await takeObjectLock(at, await alice());
    await embedded.s3.send(new DeleteObjectCommand({ Bucket: at.destination, Key: lockObjectKey('old') }));
    await expect(held.renew()).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(/^Somebody took over the lock/),
    });
  });

  it('is won by one of two who find none', async () => {
    const at = await place();
    const both = await Promise.allSettled([
      takeObjectLock(at, await alice()),
      takeObjectLock(at, await bob()),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is won by one of two who find one that was left behind', async () => {
    const at = { ...(await place()), s3: later(EXPIRY + 5_000) };
    await takeObjectLock(at, await alice());
    const both = await Promise.allSettled([
      takeObjectLock({ ...at, s3: embedded.s3 }, await bob(), 'host-a'),
      takeObjectLock({ ...at, s3: embedded.s3 }, { ...(await bob()), host: 'host-c' }, 'host-a'),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('of a process of this machine that was killed is taken over at once', async () => {
    const at = await place();
    await takeObjectLock(at, { ...(await me()), process_started: 'before the one that has its number now' });
    await expect(takeObjectLock(at, await bob())).resolves.toBeDefined();
  });

  it('ends when nobody renews it, by the clock of the server', async () => {
    const at = await place();
    const held = await takeObjectLock(at, await alice());
    await expect(takeObjectLock({ ...at, s3: later(EXPIRY - 60_000) }, await bob())).rejects.toMatchObject({
      exitCode: 6,
    });
    await expect(takeObjectLock({ ...at, s3: later(EXPIRY + 60_000) }, await bob())).resolves.toBeDefined();
    await expect(held.renew()).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(/^bob on host-b \(apply\) took over the lock/),
    });
  });

  it('is broken by the name of the host that holds it, and by no other', async () => {
    const at = await place();
    await takeObjectLock(at, await alice());
    await expect(takeObjectLock(at, await bob(), 'host-b')).rejects.toMatchObject({ exitCode: 6 });
    await expect(takeObjectLock(at, await bob(), 'host-a')).resolves.toBeDefined();
  });

  it('holds though the answer to its taking, its renewal or its release got lost', async () => {
    const at = await place();
    for (const nth of [1, 2, 3, 4]) {
      await embedded.admin.inject({ operation: 'PutObject', nth, reset: 'after' });
      const held = await takeObjectLock(at, await alice());
      await held.renew();
      await held.release();
      await embedded.admin.clearFaults();
      expect((await readLock(at))?.lock?.released).toBe(true);
    }
  });

  it('says so where the server ignores conditions', async () => {
    const at = { ...(await place()), s3: unconditional() };
    const held = await takeObjectLock(at, await alice());
    expect(held.conditional).toBe(false);
    await held.renew();
    await expect(takeObjectLock(at, await bob())).rejects.toMatchObject({ exitCode: 6 });
  });

  it('is left alone, and named, where it is something else', async () => {
    const at = await place();
    await embedded.put(at.destination, lockObjectKey('old'), 'not a lock');
    await expect(takeObjectLock(at, await alice())).rejects.toMatchObject({ exitCode: 6 });
  });
});
