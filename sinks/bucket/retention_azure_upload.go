package bucket

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"gocloud.dev/blob"
)

// azureName is how Go CDK writes the characters of a key that Azure takes badly. Keys have neither backslashes nor control
// characters.
var azureName = strings.NewReplacer(`"`, "__0x22__", "#", "__0x23__", "%", "__0x25__", "?", "__0x3f__")

// azureUpload is an upload of one blob with a retention.
type azureUpload struct {
	headers    *azblob.HTTPHeaders
	conditions *azblob.AccessConditions
	legalHold  *bool
	mode       *azblob.ImmutabilityPolicySetting
	until      *time.Time
}

func newAzureUpload(options *blob.WriterOptions, r Retention) *azureUpload {
	u := &azureUpload{headers: &azblob.HTTPHeaders{BlobContentType: &options.ContentType}}
	if options.IfNotExist {
		whatever := azcore.ETagAny
		u.conditions = &azblob.AccessConditions{ModifiedAccessConditions: &azblob.ModifiedAccessConditions{IfNoneMatch: &whatever}}
	}
	if r.LegalHold {
		u.legalHold = &r.LegalHold
	}
	if !r.Until.IsZero() {
		mode, until := azblob.ImmutabilityPolicySettingUnlocked, r.Until.UTC()
		if r.Mode == Compliance {
			mode = azblob.ImmutabilityPolicySettingLocked
		}
		u.mode, u.until = &mode, &until
	}
	return u
}

// upload stores body under a name, prefix included: at once where it is small, in blocks otherwise, which are a blob once the list of
// them is there.
func (k *azureKeeper) upload(ctx context.Context, name string, body io.Reader, options *blob.WriterOptions, r Retention) error {
	to, u := k.client.NewBlockBlobClient(azureName.Replace(name)), newAzureUpload(options, r)
	part, blocks := make([]byte, uploadPart), []string(nil)
	for {
		n, err := io.ReadFull(body, part)
		last := err == io.EOF || err == io.ErrUnexpectedEOF // an error of the body that wraps them is no end
		switch {
		case err != nil && !last:
			return err
		case last && len(blocks) == 0:
			return u.whole(ctx, to, part[:n])
		}
		if n > 0 {
			id := blockID(len(blocks))
			if _, err := to.StageBlock(ctx, id, inMemory(part[:n]), nil); err != nil {
				return err
			}
			blocks = append(blocks, id)
		}
		if last {
			return u.commit(ctx, to, blocks)
		}
	}
}

func (u *azureUpload) whole(ctx context.Context, to *blockblob.Client, content []byte) error {
	_, err := to.Upload(ctx, inMemory(content), &blockblob.UploadOptions{
		HTTPHeaders: u.headers, AccessConditions: u.conditions,
		LegalHold: u.legalHold, ImmutabilityPolicyMode: u.mode, ImmutabilityPolicyExpiryTime: u.until,
	})
	return err
}

func (u *azureUpload) commit(ctx context.Context, to *blockblob.Client, blocks []string) error {
	_, err := to.CommitBlockList(ctx, blocks, &blockblob.CommitBlockListOptions{
		HTTPHeaders: u.headers, AccessConditions: u.conditions,
		LegalHold: u.legalHold, ImmutabilityPolicyMode: u.mode, ImmutabilityPolicyExpiryTime: u.until,
	})
	return err
}

func inMemory(content []byte) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader(content)) }

// blockID names the n-th block. All of a blob's must have one length.
func blockID(n int) string {
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return base64.StdEncoding.EncodeToString(id[:])
}
