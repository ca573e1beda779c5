import { parseAnnotation } from '../../../functions/shared/annotation';
import { UnreadableInput } from '../../../functions/shared/quarantine';
import { MANY, uninterrupted } from '../../support/uninterrupted';

test('an annotation that breaks off in a text of a million quotes is refused', () => {
  const broken = `{"receipt":{"a":"${'\\"'.repeat(MANY)}`;
  const refused = uninterrupted(() => {
    try {
      return parseAnnotation(broken);
    } catch (error) {
      return error;
    }
  });
  expect(refused).toBeInstanceOf(UnreadableInput);
  expect(refused).toMatchObject({ message: 'The annotation is not JSON.' });
});
