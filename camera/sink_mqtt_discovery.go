package camera

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"facegate"
)

// A haSensor is a sensor as Home Assistant discovers it
// (https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery).
type haSensor struct {
	Name                string   `json:"name"`
	Icon                string   `json:"icon"`
	ValueTemplate       string   `json:"value_template"`
	StateTopic          string   `json:"state_topic"`
	JSONAttributesTopic string   `json:"json_attributes_topic"`
	AvailabilityTopic   string   `json:"availability_topic"`
	UniqueID            string   `json:"unique_id"`
	Device              haDevice `json:"device"`
}

type haDevice struct {
	Identifiers  []string `json:"identifiers"`
	Name         string   `json:"name"`
	Manufacturer string   `json:"manufacturer"`
	Model        string   `json:"model"`
	Version      string   `json:"sw_version,omitempty"`
}

// keepRetained publishes what brokers retain, for they may have forgotten it, and
// takes back what is gone, until ctx ends.
func (s *mqttSession) keepRetained(ctx context.Context) {
	if s.Discovery != "" {
		// What earlier runs retained is looked for too, so that nobody who was
		// erased meanwhile stays at the broker by name.
		if err := answered(ctx, s.client.Subscribe(s.Discovery+"/sensor/+/config", atLeastOnce, s.find)); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "sensors that are gone cannot be taken back from Home Assistant", "error", err)
		}
	}
	for ctx.Err() == nil {
		err := s.countCameras(ctx)
		if err == nil && s.Discovery != "" {
			err = s.reconcile(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "the MQTT broker could not be told everything", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-s.review:
		case <-s.After(s.ReviewEvery):
		}
	}
}

// countCameras publishes the counts of cameras that are new, and takes back those
// of cameras that are gone.
func (s *mqttSession) countCameras(ctx context.Context) error {
	cameras, err := s.Cameras(ctx)
	if err != nil {
		return fmt.Errorf("list the cameras: %w", err)
	}
	s.mu.Lock()
	gone, added := maps.Clone(s.counted), []facegate.CameraRef(nil)
	for _, c := range cameras {
		if delete(gone, s.countTopic(c)); !s.counted[s.countTopic(c)] {
			added = append(added, c)
		}
	}
	s.mu.Unlock()
	for topic := range gone {
		if err := s.publish(ctx, topic, "", true); err != nil {
			return err
		}
		s.mu.Lock()
		delete(s.counted, topic)
		s.mu.Unlock()
	}
	for _, c := range added {
		if err := s.publishPresent(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// find notes a sensor that the broker has and that is ours: its state comes from
// our topics.
func (s *mqttSession) find(_ mqtt.Client, message mqtt.Message) {
	var sensor haSensor
	if json.Unmarshal(message.Payload(), &sensor) != nil || !strings.HasPrefix(sensor.StateTopic, s.Prefix+"/") ||
		!strings.HasPrefix(sensor.UniqueID, "facegate_") {
		return
	}
	s.mu.Lock()
	_, told := s.told[message.Topic()]
	if !told {
		s.found[message.Topic()] = true
	}
	s.mu.Unlock()
	if !told {
		s.lookThrough()
	}
}

func (s *mqttSession) lookThrough() {
	select {
	case s.review <- struct{}{}:
	default:
	}
}

// expect has discovery looked through when a sighting is of a camera or a person
// that has no sensor yet.
func (s *mqttSession) expect(r facegate.SightingRecord) {
	if s.Discovery == "" {
		return
	}
	s.mu.Lock()
	_, camera := s.told[s.configTopic("camera_"+r.Camera.ID)]
	person := true
	if r.Person != nil {
		_, person = s.told[s.configTopic("person_"+r.Person.ID)]
	}
	s.mu.Unlock()
	if !camera || !person {
		s.lookThrough()
	}
}

// reconcile makes what Home Assistant is told what there is.
func (s *mqttSession) reconcile(ctx context.Context) error {
	wanted, err := s.sensors(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	publish := map[string]string{} // by topic; empty: takes it back
	for topic := range s.found {
		publish[topic] = ""
	}
	for topic := range s.told {
		publish[topic] = ""
	}
	for topic, config := range wanted {
		if publish[topic] = config; s.told[topic] == config {
			delete(publish, topic)
		}
	}
	s.mu.Unlock()
	for topic, config := range publish {
		if err := s.publish(ctx, topic, config, true); err != nil {
			return err
		}
		s.mu.Lock()
		delete(s.found, topic)
		if s.told[topic] = config; config == "" {
			delete(s.told, topic)
		}
		s.mu.Unlock()
	}
	return nil
}

// sensors are all there are: their configuration by topic.
func (s *mqttSession) sensors(ctx context.Context) (map[string]string, error) {
	cameras, err := s.Cameras(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the cameras: %w", err)
	}
	people, err := s.People(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the people: %w", err)
	}
	all := map[string]string{}
	add := func(id, name, icon, template, state, attributes string) error {
		config, err := json.Marshal(haSensor{
			Name: name, Icon: icon, ValueTemplate: template, StateTopic: state, JSONAttributesTopic: attributes,
			AvailabilityTopic: s.Prefix + "/available", UniqueID: s.uniqueID(id),
			Device: haDevice{Identifiers: []string{s.uniqueID("gateway")}, Name: s.Prefix, Manufacturer: "facegate",
				Model: "face recognition gateway", Version: s.Version},
		})
		all[s.configTopic(id)] = string(config)
		return err
	}
	for _, c := range cameras {
		topic := s.Prefix + "/cameras/" + Slug(c.Name)
		if err := add("camera_"+c.ID, c.Name, "mdi:cctv", "{{ value }}", topic+"/person", topic); err != nil {
			return nil, err
		}
	}
	for _, p := range people {
		topic := s.Prefix + "/matches/" + Slug(p.Name)
		if err := add("person_"+p.ID, p.Name, "mdi:account", "{{ value_json.camera.name }}", topic, topic); err != nil {
			return nil, err
		}
	}
	topic := s.Prefix + "/unknown"
	return all, add("unknown", "unknown", "mdi:account-question", "{{ value_json.camera.name }}", topic, topic)
}

// configTopic is where a sensor is told of.
func (s *mqttSession) configTopic(id string) string {
	return s.Discovery + "/sensor/" + s.uniqueID(id) + "/config"
}

// uniqueID tells a sensor of this gateway from those of others at the broker.
func (s *mqttSession) uniqueID(id string) string {
	if s.Prefix != "facegate" {
		id = s.Prefix + "_" + id
	}
	return "facegate_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_' // Home Assistant takes no others
	}, id)
}
