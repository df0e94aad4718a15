package bucket

import (
	"context"
	"sync"

	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
)

// azureKeeper keeps blobs by Azure's version-level immutability policies and legal holds. Go CDK's uploads have no place for them, so
// that it uploads what is to be kept by itself: a policy that is set after the upload would be missing where a process is killed in
// between.
type azureKeeper struct {
	client *container.Client
	once   sync.Once
	policy container.GetPropertiesResponse // of the container; empty where the right to read it is missing
}

func newAzureKeeper(b *blob.Bucket) keeper {
	k := &azureKeeper{}
	if !b.As(&k.client) {
		return nil
	}
	return k
}

func (*azureKeeper) ask(func(any) bool, Retention) error { return nil }

// hold takes a blob that has a version for one whose removal leaves that. A policy of the whole container refuses to let any of its
// blobs be removed, and stands at none of them.
func (k *azureKeeper) hold(ctx context.Context, a *blob.Attributes) Hold {
	var b azblob.GetPropertiesResponse
	if !a.As(&b) {
		return Hold{}
	}
	h := Hold{LegalHold: isTrue(b.LegalHold), Hides: b.VersionID != nil && *b.VersionID != ""}
	if b.ImmutabilityPolicyExpiresOn != nil {
		h.Until = b.ImmutabilityPolicyExpiresOn.UTC()
	}
	c := k.properties(ctx)
	if isTrue(c.HasImmutabilityPolicy, c.HasLegalHold) && !isTrue(c.IsImmutableStorageWithVersioningEnabled) {
		h.Indefinite, h.Hides = true, false
	}
	return h
}

func (k *azureKeeper) able(ctx context.Context) error {
	if on := k.properties(ctx).IsImmutableStorageWithVersioningEnabled; on != nil && !*on {
		return &RetentionError{
			Why:  "the container has no support for version-level immutability",
			What: "turn it on for the container (az storage container-rm migrate-vlw, with blob versions on in the account), or write to one that has it",
		}
	}
	return nil
}

// properties are the container's, asked for once.
func (k *azureKeeper) properties(ctx context.Context) container.GetPropertiesResponse {
	k.once.Do(func() {
		if p, err := k.client.GetProperties(ctx, nil); err == nil {
			k.policy = p
		}
	})
	return k.policy
}

func isTrue(anyOf ...*bool) bool {
	for _, b := range anyOf {
		if b != nil && *b {
			return true
		}
	}
	return false
}
