import { ContainervError, type ErrorCode, type ErrorDetails } from '../errors.js';
import type { TransferReport } from './transfer.js';

/** What `upload` and `download` reject with when not everything was copied; `report` tells what was. */
export class TransferError extends ContainervError {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'TransferError',
      configurable: true,
      writable: true,
    });
  }
  readonly report: TransferReport;

  constructor(code: ErrorCode, what: string, report: TransferReport, details?: ErrorDetails) {
    super(code, what, details);
    this.report = report;
  }
}
