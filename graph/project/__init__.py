"""A project read whole: its settings, modules, schema and examples."""
