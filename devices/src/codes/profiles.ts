/** Conformance statements of MSH-21, known by EI.3; the name in EI.1 varies in the field (domain page "Bedside monitoring", sections 3 and 7). */
export const profiles = {
  /** [STD IHE DEV TF-2, PCD-01] */
  pcd01: ['1.3.6.1.4.1.19376.1.6.1.1.1'],
  /** [STD IHE DEV TF-2, PCD-04]; both are seen. */
  pcd04: ['1.3.6.1.4.1.19376.1.6.1.4.1', '1.3.6.1.4.1.19376.1.6.4.4'],
} as const satisfies Record<string, readonly string[]>
