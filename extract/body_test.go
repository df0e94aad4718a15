package extract

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

// noise is content that gzip can't make smaller.
func noise(size int) []byte {
	out := make([]byte, size)
	random := rand.NewChaCha8([32]byte{7})
	_, _ = random.Read(out)
	return out
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(content)
	_ = z.Close()
	return b.Bytes()
}

func gzipAnswer(body io.Reader) *http.Response {
	return &http.Response{
		Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(body), ContentLength: -1,
	}
}

func TestReadBodyDecompressesWhatFitsItsBufferAndWhatDoesNot(t *testing.T) {
	for _, size := range []int{1, 1000, scratchSize - 100, scratchSize, scratchSize + 100, 5 * scratchSize} {
		content := noise(size)
		for name, body := range map[string]io.Reader{
			"at once":       bytes.NewReader(gzipped(content)),
			"byte by byte":  iotest.OneByteReader(bytes.NewReader(gzipped(content))),
			"end with data": iotest.DataErrReader(bytes.NewReader(gzipped(content))),
		} {
			got, err := readBody(gzipAnswer(body), int64(size), nil)
			require.NoError(t, err, "%d %s", size, name)
			require.True(t, bytes.Equal(content, got), "%d %s", size, name)
		}
		_, err := readBody(gzipAnswer(bytes.NewReader(gzipped(content))), int64(size)-1, nil)
		require.ErrorIs(t, err, errLarge)
	}
}

func TestReadBodyReportsHowACompressedBodyBroke(t *testing.T) {
	lost := errors.New("connection lost")
	for _, size := range []int{1000, 5 * scratchSize} {
		packed := gzipped(noise(size))
		for _, kept := range []int{1, len(packed) / 2, len(packed) - 1} {
			_, err := readBody(gzipAnswer(bytes.NewReader(packed[:kept])), 1<<20, nil)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d of %d bytes", kept, len(packed))
			broken := io.MultiReader(bytes.NewReader(packed[:kept]), iotest.ErrReader(lost))
			_, err = readBody(gzipAnswer(broken), 1<<20, nil)
			require.ErrorIs(t, err, lost, "%d of %d bytes", kept, len(packed))
		}
	}
	got, err := readBody(gzipAnswer(bytes.NewReader(nil)), 1<<20, nil)
	require.NoError(t, err)
	require.Empty(t, got)
}
