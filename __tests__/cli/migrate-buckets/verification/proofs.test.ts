import { Proofs } from '../../../../cli/migrate-buckets/verification/proofs';

const object = (etag: string, size = 1, key = 'k') => ({ key, etag, size, storageClass: '', modified: 0 });

it('holds what was read under exactly these ETags and sizes, and for this key', () => {
  const proofs = new Proofs();
  proofs.add(object('a'), object('b'));
  expect(proofs.hold(object('a'), object('b'))).toBe(true);
  expect(proofs.hold(object('x'), object('b'))).toBe(false);
  expect(proofs.hold(object('a'), object('x'))).toBe(false);
  expect(proofs.hold(object('b'), object('a'))).toBe(false);
  expect(proofs.hold(object('a', 2), object('b'))).toBe(false);
  expect(proofs.hold(object('a'), object('b', 2))).toBe(false);
  expect(proofs.hold(object('a', 1, 'l'), object('b', 1, 'l'))).toBe(false);
});

it('holds what was read last', () => {
  const proofs = new Proofs();
  proofs.add(object('a'), object('b'));
  proofs.add(object('a'), object('c'));
  expect([proofs.hold(object('a'), object('b')), proofs.hold(object('a'), object('c'))]).toEqual([
    false,
    true,
  ]);
});
