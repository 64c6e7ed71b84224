/** What a client may send as `model` to name a tier, or nothing in particular. */

/** Asks for the request to be classified. */
export const AUTO = 'auto';
/** Before a slug: the tier, even where a model goes by the same name. */
export const TIER_PREFIX = 'tier:';
/** Lower-case letters, digits and dashes; as long as a host name's label, and of the same form. */
export const TIER_SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
