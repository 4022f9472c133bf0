package breeze

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAnswersAreTold: each request that left is told once by endpoint and class, and nothing of the address is.
func TestAnswersAreTold(t *testing.T) {
	var told []string
	c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
	}), func(o *Options) {
		o.PerMinute, o.Reserve = 2, 1
		o.OnAnswer = func(endpoint string, class AnswerClass) { told = append(told, endpoint+" "+string(class)) }
	})
	for range 3 {
		if err := c.Probe(t.Context()); err == nil {
			t.Error("a probe succeeded")
		}
	}
	if diff := cmp.Diff([]string{"funds lost", "funds lost"}, told); diff != "" {
		t.Errorf("two requests left, the third is over the budget: %s", diff)
	}
}

func TestAnswerClasses(t *testing.T) {
	for _, row := range []struct {
		err  error
		want AnswerClass
	}{
		{nil, AnswerOK}, {ErrNoData, AnswerOK}, {ErrSession, AnswerSession}, {ErrChecksum, AnswerSession}, {ErrRateDay, AnswerRate},
		{&BudgetError{cause: ErrRateMinute}, AnswerRate}, {ErrGarbled, AnswerOutage}, {errors.Join(ErrUnavailable), AnswerLost}, {ErrWall, AnswerRefused},
	} {
		wrapped := row.err
		if wrapped != nil {
			wrapped = fmt.Errorf("breeze: %w", row.err)
		}
		if got := answerClassOf(wrapped); got != row.want {
			t.Errorf("%v is %s, want %s", row.err, got, row.want)
		}
	}
	for address, want := range map[string]string{
		"https://host/breezeapi/api/v1/quotes":                   "quotes",
		"https://host/api/v2/historicalcharts?stock_code=X&a=/b": "historicalcharts",
	} {
		if got := endpointOf(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
