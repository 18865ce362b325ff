/** How long signed URLs and forms are good for. */

/**
 * The functions sign by `signBlob`, whose keys rotate: a signature "is usable for at least 12 hours" (Cloud Storage,
 * "Creating signatures"), whatever expiry it names.
 */
export const SIGNED_SECONDS = 12 * 3600;

/** So many are asked for at once: in Google Cloud each is a call. */
export const PARALLEL_SIGNATURES = 32;
