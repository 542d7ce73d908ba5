/** Gets a new credential in place of one that a provider has refused, where the credential is of a kind that expires. */
export interface CredentialRefresh {
  /**
   * Whether there could be another one: a key that a person has typed does not change by itself.
   * @param label of the credential; undefined where the provider has but one
   */
  mayRenew(providerId: string, label: string | undefined): boolean;
  /**
   * Tells that a provider answered 401 to a credential, and waits a few seconds at most for another one.
   * @param value what was refused: where the provider has another one by now, nobody is asked
   * @returns whether the provider has another one now, so that trying again makes sense
   */
  refused(providerId: string, label: string | undefined, value?: string): Promise<boolean>;
}
