/**
 * A brand keeps values of one primitive type apart (an instant is not a duration, a device id is not
 * a point id). Each brand has one constructor, the only place with a cast.
 */
declare const brand: unique symbol;

export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
