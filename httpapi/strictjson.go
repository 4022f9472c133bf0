package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// jsonDepthMax bounds how deep a body may nest.
const jsonDepthMax = 32

// unmarshalStrict is json.Unmarshal that refuses what two readers could read differently: repeated keys, text after the
// value, invalid UTF-8, and nesting beyond jsonDepthMax. Unknown keys and keys in another case are refused by the
// schema, which sees the same map. huma calls it twice per body, first with a *any: the scan runs then.
func unmarshalStrict(data []byte, v any) error {
	if _, isFirst := v.(*any); isFirst {
		switch {
		case !utf8.Valid(data):
			return errors.New("it is not UTF-8")
		case !json.Valid(data):
			return errors.New("it cannot be read, or something follows it")
		}
		if err := scanStrict(data); err != nil {
			return err
		}
	}
	err := json.Unmarshal(data, v)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		// What passed the schema and still does not fit is a number: 1.0, 1e3, 1e400. Name the field, not our types.
		return errors.New(badNumber + mismatch.Field[strings.LastIndex(mismatch.Field, ".")+1:])
	}
	return err
}

// badNumber begins the error for a number that no field takes; the field's name follows, "" when it is not known.
const badNumber = "a number is not whole, or too large: "

// scanLevel is one open object or array.
type scanLevel struct {
	isObject  bool
	wantsName bool // the next string is a key
	names     nameSet
}

// scanStrict walks over valid JSON and refuses repeated keys and deep nesting.
func scanStrict(data []byte) error {
	var room [4]scanLevel
	levels := room[:0]
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if len(levels) >= jsonDepthMax {
				return fmt.Errorf("it nests deeper than %d", jsonDepthMax)
			}
			levels = append(levels, scanLevel{isObject: data[i] == '{', wantsName: data[i] == '{'})
		case '}', ']':
			levels = levels[:len(levels)-1]
		case ',':
			top := &levels[len(levels)-1]
			top.wantsName = top.isObject
		case '"':
			end := stringEnd(data, i)
			if len(levels) > 0 {
				if top := &levels[len(levels)-1]; top.wantsName {
					top.wantsName = false
					if name := nameOf(data[i:end]); !top.names.add(name) {
						return fmt.Errorf("the key %.40q is there twice", name)
					}
				}
			}
			i = end - 1
		}
	}
	return nil
}

// stringEnd is the index behind the string that starts at i.
func stringEnd(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// nameOf reads a key with its quotes; escapes are resolved, so that two spellings of one key are one.
func nameOf(quoted []byte) string {
	for _, c := range quoted {
		if c == '\\' {
			var name string
			if json.Unmarshal(quoted, &name) == nil {
				return name
			}
		}
	}
	return string(quoted[1 : len(quoted)-1])
}

// nameSet holds the keys of one object: a list while they are few.
type nameSet struct {
	few  []string
	many map[string]bool
}

const fewNames = 16

// add reports whether the name is new.
func (s *nameSet) add(name string) bool {
	if s.many != nil {
		isNew := !s.many[name]
		s.many[name] = true
		return isNew
	}
	for _, other := range s.few {
		if other == name {
			return false
		}
	}
	s.few = append(s.few, name)
	if len(s.few) > fewNames {
		s.many = make(map[string]bool, 2*fewNames)
		for _, other := range s.few {
			s.many[other] = true
		}
	}
	return true
}
