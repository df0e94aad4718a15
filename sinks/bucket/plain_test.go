package bucket_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

func TestStoresWithoutTLSAreRefusedUnlessOnThisMachineOrAllowed(t *testing.T) {
	const s3 = "s3://b/p?region=eu-1&"
	for name, c := range map[string]struct {
		url       string
		variables map[string]string
		refused   string // what names the endpoint; "" where it is not refused
	}{
		"S3":                               {url: s3},
		"S3, an https endpoint":            {url: s3 + "endpoint=https://minio.corp"},
		"S3, a plain endpoint":             {url: s3 + "endpoint=http://minio.corp:9000", refused: "endpoint"},
		"S3, a plain endpoint in capitals": {url: s3 + "endpoint=HTTP://minio.corp:9000", refused: "endpoint"},
		"S3, allowed":                      {url: s3 + "endpoint=http://minio.corp:9000&allow_http=true"},
		"S3, allowed by another word":      {url: s3 + "endpoint=http://minio.corp:9000&allow_http=false", refused: "endpoint"},
		"S3, on this machine":              {url: s3 + "endpoint=http://127.0.0.1:9000"},
		"S3, on this machine by name":      {url: s3 + "endpoint=http://localhost:9000"},
		"S3, a name that begins like it":   {url: s3 + "endpoint=http://localhost.corp:9000", refused: "endpoint"},
		"S3, an address of IPv6":           {url: s3 + "endpoint=http://[::1]:9000"},
		"S3, without https":                {url: s3 + "disable_https=true", refused: "disable_https"},
		"S3, by the environment":           {url: s3, variables: map[string]string{"AWS_ENDPOINT_URL": "http://minio.corp"}, refused: "AWS_ENDPOINT_URL"},
		"S3, by its own variable": {
			url: s3, variables: map[string]string{"AWS_ENDPOINT_URL_S3": "http://minio.corp", "AWS_ENDPOINT_URL": "https://aws.corp"},
			refused: "AWS_ENDPOINT_URL_S3",
		},
		"S3, the parameter counts": {url: s3 + "endpoint=https://minio.corp", variables: map[string]string{"AWS_ENDPOINT_URL": "http://minio.corp"}},
		"Google, an emulator": {
			url: "gs://b/p?access_id=-", variables: map[string]string{"STORAGE_EMULATOR_HOST": "emulator.corp:4443"}, refused: "STORAGE_EMULATOR_HOST",
		},
		"Google, an emulator here": {url: "gs://b/p?access_id=-", variables: map[string]string{"STORAGE_EMULATOR_HOST": "localhost:4443"}},
		"Azure, http":              {url: "azblob://c/p?protocol=http&domain=azure.corp", refused: "protocol"},
		"Azure, http here":         {url: "azblob://c/p?protocol=http&domain=127.0.0.1:10000&localemu=true"},
		"Azure, by the environment": {
			url: "azblob://c/p", variables: map[string]string{"AZURE_STORAGE_PROTOCOL": "http"}, refused: "AZURE_STORAGE_PROTOCOL",
		},
		"Azure, by a connection string": {
			url: "azblob://c/p", refused: "AZURE_STORAGE_CONNECTION_STRING",
			variables: map[string]string{"AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=azure.corp"},
		},
		"Azure, by the endpoint of one": {
			url: "azblob://c/p", refused: "AZURE_STORAGE_CONNECTION_STRING",
			variables: map[string]string{"AZURE_STORAGE_CONNECTION_STRING": "AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://azure.corp/a;"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AZURE_STORAGE_ACCOUNT", "a")
			t.Setenv("AZURE_STORAGE_KEY", "c2VjcmV0")
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
			for k, v := range c.variables {
				t.Setenv(k, v)
			}
			b, err := bucket.Open(t.Context(), c.url)
			var plain *bucket.PlainError
			if c.refused == "" {
				require.NotErrorAs(t, err, &plain)
				if err == nil {
					require.NoError(t, bucket.Close(b))
				}
				return
			}
			require.ErrorAs(t, err, &plain)
			require.Equal(t, c.refused, plain.From)
			require.Contains(t, plain.Hint(), "allow_http=true")
			require.NotContains(t, err.Error(), "c2VjcmV0")
		})
	}
}

func TestAllowHTTPIsNoParameterOfTheStore(t *testing.T) {
	_, err := bucket.Open(t.Context(), "s3://b?region=eu-1&allow_http=true")
	require.NoError(t, err)
}
