package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonDepthMax bounds how deep a body may nest.
const jsonDepthMax = 32

// unmarshalStrict is json.Unmarshal that refuses what two readers could read differently: repeated keys, text after the
// value, invalid UTF-8, and nesting beyond jsonDepthMax. Unknown keys and keys in another case are refused by the
// schema, which sees the same map. huma calls it twice per body, first with a *any: the scan runs then.
func unmarshalStrict(data []byte, v any) error {
	if _, isFirst := v.(*any); isFirst {
		if err := scanStrict(data); err != nil {
			return err
		}
	}
	return json.Unmarshal(data, v)
}

type scanLevel struct {
	keys      map[string]bool // nil in an array
	wantsName bool
}

func scanStrict(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var levels []scanLevel
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && len(levels) == 0 {
			return errors.New("it is empty")
		}
		if err != nil {
			return errors.New("it cannot be read")
		}
		if levels, err = step(levels, token); err != nil {
			return err
		}
		if len(levels) == 0 {
			break
		}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}

// step takes one token and returns the open levels after it.
func step(levels []scanLevel, token json.Token) ([]scanLevel, error) {
	top := len(levels) - 1
	if top >= 0 && levels[top].wantsName {
		if name, isName := token.(string); isName {
			if levels[top].keys[name] {
				return nil, fmt.Errorf("the key %.40q is there twice", name)
			}
			levels[top].keys[name] = true
			levels[top].wantsName = false
			return levels, nil
		}
	}
	if delim, isDelim := token.(json.Delim); isDelim {
		switch delim {
		case '{', '[':
			if len(levels) >= jsonDepthMax {
				return nil, fmt.Errorf("it nests deeper than %d", jsonDepthMax)
			}
			if delim == '{' {
				return append(levels, scanLevel{keys: map[string]bool{}, wantsName: true}), nil
			}
			return append(levels, scanLevel{}), nil
		case '}', ']':
			levels = levels[:top]
		}
	}
	if top = len(levels) - 1; top >= 0 && levels[top].keys != nil {
		levels[top].wantsName = true
	}
	return levels, nil
}
