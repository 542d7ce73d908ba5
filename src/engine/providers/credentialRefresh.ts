/** Gets a new credential in place of one that a provider has refused, where the credential is of a kind that expires. */
export interface CredentialRefresh {
  /**
   * Tells that a provider answered 401 to a credential, and waits a few seconds at most for another one.
   * @param label of the credential; undefined where the provider has but one
   * @returns whether the provider has another one now, so that trying again makes sense
   */
  refused(providerId: string, label: string | undefined): Promise<boolean>;
}
