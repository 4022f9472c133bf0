package httpapi

import (
	"context"
)

// Notice is a message that stays until the user has seen it.
type Notice struct {
	ID      string `json:"id"`
	At      string `json:"at" format:"date-time"`
	Kind    string `json:"kind"`
	Text    string `json:"text"`
	Action  string `json:"action" enum:",popup,settings" doc:"Which button goes with it"`
	IsAcked bool   `json:"is_acked"`
}

// NoticeList is notices, newest first.
type NoticeList struct {
	Notices []Notice `json:"notices"`
}

type noticeListOut struct{ Body NoticeList }

type noticeIn struct {
	ID   string   `path:"id" maxLength:"64"`
	Body *Nothing `required:"false"`
}

func (s *Server) registerNotices() {
	brokerRoute(s, operation{id: "notices", method: "GET", path: "/api/notices", access: SignedIn, summary: "What I should know"}, s.notices)
	brokerRoute(s, operation{id: "ack-notice", method: "POST", path: "/api/notices/{id}/ack", access: SignedIn, status: 204, summary: "I have seen it"},
		func(ctx context.Context, in *noticeIn) (*struct{}, error) {
			return nil, s.Brokers.AckNotice(ctx, actorOf(ctx), in.ID)
		})
}

func (s *Server) notices(ctx context.Context, _ *emptyIn) (*noticeListOut, error) {
	found, err := s.Brokers.Notices(ctx, actorOf(ctx).User.ID)
	if err != nil {
		return nil, err
	}
	list := make([]Notice, len(found))
	for i, n := range found {
		list[i] = Notice{ID: n.ID, At: wireTime(n.At), Kind: n.Kind, Text: n.Text, Action: n.Action, IsAcked: !n.AckedAt.IsZero()}
	}
	return &noticeListOut{Body: NoticeList{Notices: list}}, nil
}
