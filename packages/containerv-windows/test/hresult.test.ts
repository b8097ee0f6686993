import { describe, expect, test } from 'vitest';
import { hcsError } from '../src/hcs-error.js';
import {
  failed,
  hresultMeaning,
  isAlreadyStopped,
  isNotFound,
  isNotReady,
  isNotSupported,
  isPending,
  isTimeout,
} from '../src/hresult.js';

describe('hresultMeaning', () => {
  test.for([
    [0x8037010e, 'HCS_E_SYSTEM_NOT_FOUND', 'ERR_CONTAINERV_NOT_FOUND'],
    [0xc037010e, 'HCS_E_SYSTEM_NOT_FOUND', 'ERR_CONTAINERV_NOT_FOUND'],
    [-1070137074, 'HCS_E_SYSTEM_NOT_FOUND', 'ERR_CONTAINERV_NOT_FOUND'],
    [0x80370101, 'HCS_E_IMAGE_MISMATCH', 'ERR_CONTAINERV_HCS'],
    [0x80370102, 'HCS_E_HYPERV_NOT_INSTALLED', 'ERR_CONTAINERV_UNSUPPORTED'],
    [0x8037011b, 'HCS_E_ACCESS_DENIED', 'ERR_CONTAINERV_PERMISSION'],
    [0x80070005, 'ERROR_ACCESS_DENIED', 'ERR_CONTAINERV_PERMISSION'],
    [0x800705b4, 'ERROR_TIMEOUT', 'ERR_CONTAINERV_TIMEOUT'],
    [0x80070424, 'ERROR_SERVICE_DOES_NOT_EXIST', 'ERR_CONTAINERV_UNSUPPORTED'],
    [0x800702e4, 'ERROR_ELEVATION_REQUIRED', 'ERR_CONTAINERV_PERMISSION'],
    [0x80004001, 'E_NOTIMPL', 'ERR_CONTAINERV_UNSUPPORTED'],
    [0xdeadbeef, '0xdeadbeef', 'ERR_CONTAINERV_HCS'],
    [0x8037ffff, '0x8037ffff', 'ERR_CONTAINERV_HCS'],
  ] as const)('0x%x', ([value, name, code]) => {
    expect(hresultMeaning(value)).toMatchObject({ name, code });
  });

  test.for([
    [isPending, [0xc0370103, 0x80370117], [0x80070103, 0x80370118, 0]],
    [isNotFound, [0x8037010e, 0xc037010e, 0x80070490], [0x80370110, 0]],
    [isAlreadyStopped, [0x80370110, 0xc037011f, 0x80070490], [0x8037010e, 0]],
    [isTimeout, [0x80370118, 0x80070102, 0x800705b4], [0x80370117, 0x102, 0]],
    [isNotReady, [0x80070015, 0x8007048f], [0x80370015]],
    [isNotSupported, [0x8037010d, 0x8037010b, 0x80070032, 0x80004001], [0x80070005]],
    [failed, [0x80370101, 0xc0370103, -1], [0, 1]],
  ] as const)('$0.name', ([judge, yes, no]) => {
    for (const value of yes) expect([value, judge(value)]).toEqual([value, true]);
    for (const value of no) expect([value, judge(value)]).toEqual([value, false]);
  });
});

describe('hcsError', () => {
  test('tells the step, the function, the name, what the service said, and what to do', () => {
    const document = JSON.stringify({
      Error: -2143878895,
      ErrorMessage: 'boom',
      ErrorEvents: [{ Message: 'hive\r\n is corrupt', Provider: 'x' }, { Message: 'boom' }, {}],
    });
    const error = hcsError({
      step: 'start container',
      call: 'HcsStartComputeSystem',
      hresult: -2143878911,
      document,
      subject: 'web',
    });
    expect(error).toMatchObject({
      code: 'ERR_CONTAINERV_HCS',
      step: 'start container',
      syscall: 'HcsStartComputeSystem',
      hresult: 0x80370101,
    });
    expect(error.message).toBe(
      "start container: The build of the image does not fit the build of this host 'web' [HCS_E_IMAGE_MISMATCH]; boom; hive is corrupt (HcsStartComputeSystem: 0x80370101)\n" +
        "  hint: Use an image of this host's build, or `windows: { isolation: 'hyperv' }`.",
    );
  });

  test.for([undefined, null, '', 'nonsense', '[]', '5', '{"ErrorEvents":7}', '{"ErrorMessage":{}}'])(
    'reads nothing out of %j',
    (document) => {
      const error = hcsError({ step: 's', call: 'c', hresult: 0x80370107, document });
      expect(error.message).toBe('s: It was terminated [HCS_E_TERMINATED] (c: 0x80370107)');
    },
  );
});
