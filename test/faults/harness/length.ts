/** How long faults go on: once in the tests, as often as asked for in `bench/faults`. */
export const TIMES = Number(process.env['FAULT_TIMES'] ?? 1);
