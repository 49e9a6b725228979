package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/nonull"
)

var jsonFormat = Format{
	Name:       "json",
	Extensions: []string{".json"},
	Doc:        "everything, for scripts; the schema is analyze/result/schema.json",
	Write:      writeJSON,
}

// writeJSON writes a Result as one indented JSON object and a newline. Options
// do not matter: it is always the whole Result.
func writeJSON(w io.Writer, d Document, _ Options) error { return encode(w, d.Result) }

// ExplanationJSON writes an Explanation as writeJSON does a Result. Its schema is
// result.ExplanationSchema.
func ExplanationJSON(w io.Writer, e *result.Explanation, _ Options) error { return encode(w, e) }

// PathJSON writes a PathReport as writeJSON does a Result. Its schema is
// result.PathSchema.
func PathJSON(w io.Writer, r *result.PathReport, _ Options) error { return encode(w, r) }

func encode(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(nonull.Copy(document))
}

// ReadJSON reads a Result that was written as JSON, and nothing after it.
// Unknown fields are passed over: they come without a new schema version.
func ReadJSON(r io.Reader) (*result.Result, error) {
	var raw json.RawMessage
	dec := json.NewDecoder(r)
	if err := dec.Decode(&raw); err != nil {
		return nil, fmt.Errorf("read JSON result: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read JSON result: something follows the first object; give one result at a time")
	}
	var version struct {
		SchemaVersion *int `json:"schema_version"`
	}
	if err := json.Unmarshal(raw, &version); err != nil {
		return nil, fmt.Errorf("read JSON result: %w", err)
	}
	switch v := version.SchemaVersion; {
	case v == nil:
		return nil, errors.New("read JSON result: no schema_version; this is not a result of conctrace")
	case *v != result.SchemaVersion:
		return nil, fmt.Errorf("read JSON result: schema version %d; this conctrace reads version %d only", *v, result.SchemaVersion)
	}
	res := new(result.Result)
	if err := json.Unmarshal(raw, res); err != nil {
		return nil, fmt.Errorf("read JSON result: %w", err)
	}
	return res, nil
}
