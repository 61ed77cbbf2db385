import { mount } from 'svelte'
import './lib/theme.css'
import './lib/forms.css'
import App from './App.svelte'

const target = document.getElementById('app')
if (target) mount(App, { target })
